package hint

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

var (
	operandType  = regexp.MustCompile(`(?:^|of (?:struct |interface )?)type (.+?)(?: constrained by .+)?$|^untyped (\w+)`)
	missing      = regexp.MustCompile(`\(missing method (\w+)\)`)
	spelledSo    = regexp.MustCompile(`\(missing method (\w+)\)\n\t\thave (\w+)\(`)
	wrongMethod  = regexp.MustCompile(`\(wrong type for method (\w+)\)`)
	namedType    = regexp.MustCompile(`^(\w+\.)?\pL\w*$`)
	plainOperand = regexp.MustCompile(`^([\w.]+) (\S+) ([\w.]+)$`)
)

// typeIn returns the type in an operand's description, such as "variable of type int".
func typeIn(operand string) (t string, constant bool) {
	m := operandType.FindStringSubmatch(operand)
	switch {
	case m == nil:
		return "", false
	case m[2] != "":
		return m[2], true
	}
	return m[1], strings.HasPrefix(operand, "constant")
}

func cannotUse(m mistake) string {
	expr, want, rest := brief(m.groups[1]), m.groups[3], m.groups[4]
	have, constant := typeIn(m.groups[2])
	switch {
	case strings.HasSuffix(rest, "(truncated)"):
		return "write a whole number, or give the variable a type with fractions: float64"
	case strings.HasSuffix(rest, "(overflows)"):
		return "take a type with more bits than " + want
	case strings.Contains(rest, "need type assertion"):
		return fmt.Sprintf("take the value out: v, ok := %s.(%s)", expr, want)
	case strings.Contains(rest, "pointer receiver"):
		return "give a pointer: &" + expr
	case strings.Contains(rest, "pointer to interface"):
		return "an interface is passed as it is, without a pointer"
	}
	if s := spelledSo.FindStringSubmatch(rest); s != nil {
		return fmt.Sprintf("rename %s to %s", s[2], s[1])
	}
	if s := missing.FindStringSubmatch(rest); s != nil && (isBasic(have) || !namedType.MatchString(have)) {
		return "use a type that has the method " + s[1]
	} else if s != nil {
		return fmt.Sprintf("add the method %s to %s", s[1], have)
	}
	if s := wrongMethod.FindStringSubmatch(rest); s != nil {
		return fmt.Sprintf("give %s the signature that is wanted", s[1])
	}
	return between(expr, have, want, constant)
}

func nilValue(m mistake) string {
	switch want := m.groups[1]; {
	case isNumber(want):
		return "the zero value of a number is 0"
	case want == "string":
		return `the zero value of a string is ""`
	case want == "bool":
		return "the zero value of a bool is false"
	case namedType.MatchString(want):
		return fmt.Sprintf("only pointers, slices, maps, channels, funcs and interfaces can be nil; use %s{} or a *%[1]s", want)
	}
	return ""
}

func cannotConvert(m mistake) string {
	have, constant := typeIn(m.groups[2])
	if isNumber(have) && isNumber(m.groups[3]) {
		return "" // go/types says why
	}
	advice := between(brief(m.groups[1]), have, m.groups[3], constant)
	if strings.HasSuffix(advice, m.groups[3]+"("+brief(m.groups[1])+")") {
		return "" // that is what was tried
	}
	return advice
}

// between says how to get from one type to another.
func between(expr, have, want string, constant bool) string {
	haveElem, isList := strings.CutPrefix(have, "[]")
	_, wantsList := strings.CutPrefix(want, "[]")
	switch {
	case have == "":
		return ""
	case want == "*"+have:
		return "give a pointer: &" + expr
	case have == "*"+want:
		return "follow the pointer: *" + expr
	case want == "time.Duration" && isNumber(have):
		return fmt.Sprintf("say of what: time.Duration(%s) * time.Second", expr)
	case isNumber(have) && isNumber(want):
		return toNumber(expr, have, want)
	case want == "string" && (isNumber(have) || have == "bool" || have == "error"):
		return toText(expr, have, constant)
	case have == "string" && (isNumber(want) || want == "bool"):
		return fromText(expr, want)
	case have == "string" && (want == "[]byte" || want == "[]rune"), want == "string" && (have == "[]byte" || have == "[]rune"):
		return fmt.Sprintf("convert it: %s(%s)", want, expr)
	case isList && haveElem == want:
		return fmt.Sprintf("take one element, %s[i], or all with %[1]s... if what is called takes any number", expr)
	case isList && wantsList:
		return fmt.Sprintf("copy the elements one by one into a %s: slices of different types never convert", want)
	case strings.HasPrefix(have, "func(") && namedType.MatchString(want) && !isBasic(want):
		return "its parameters and results must be exactly those of " + want
	case strings.HasPrefix(have, "func(") && !namedType.MatchString(expr):
		return "to use what it returns, call it: put () behind it"
	case strings.HasPrefix(have, "func("):
		return fmt.Sprintf("to use what it returns, call it: %s(…)", expr)
	case isNumber(have) && namedType.MatchString(want) && !isBasic(want), isBasic(want) && namedType.MatchString(have) && !isBasic(have):
		return fmt.Sprintf("if one is made of the other, convert it: %s(%s)", want, expr)
	}
	return ""
}

func toNumber(expr, have, want string) string {
	if isFloat(have) && !isFloat(want) {
		return fmt.Sprintf("convert it, without the fraction: %s(%s)", want, expr)
	}
	return fmt.Sprintf("convert it: %s(%s)", want, expr)
}

func toText(expr, have string, constant bool) string {
	switch {
	case constant:
		return fmt.Sprintf("put it in quotes: %q", expr)
	case have == "error":
		return fmt.Sprintf("take its text: %s.Error()", expr)
	case have == "int":
		return fmt.Sprintf("write the number as text: strconv.Itoa(%s)", expr)
	}
	return fmt.Sprintf("write it as text: fmt.Sprint(%s)", expr)
}

func fromText(expr, want string) string {
	if text, err := strconv.Unquote(expr); err == nil {
		if _, err := strconv.ParseFloat(text, 64); err == nil {
			return "write it without quotes: " + text
		}
		return "text stands in quotes, numbers and truth values without"
	}
	switch {
	case isFloat(want):
		return fmt.Sprintf("read a number from text: strconv.ParseFloat(%s, 64)", expr)
	case want == "bool":
		return fmt.Sprintf("compare it: %s == …", expr)
	}
	return fmt.Sprintf("read a number from text: strconv.Atoi(%s)", expr)
}

func mismatched(m mistake) string {
	left, right := strings.TrimPrefix(m.groups[2], "untyped "), strings.TrimPrefix(m.groups[3], "untyped ")
	if left != m.groups[2] && right != m.groups[3] {
		return ""
	}
	a, b := "…", "…"
	if p := plainOperand.FindStringSubmatch(m.groups[1]); p != nil {
		a, b = p[1], p[3]
	}
	if advice := meet(a, left, right); advice != "" {
		return advice
	}
	if advice := meet(b, right, left); advice != "" {
		return advice
	}
	if left == m.groups[2] && right == m.groups[3] {
		return "convert one side to the type of the other"
	}
	return ""
}

// meet says how an operand is brought to the type of the other, if it is this one that should change.
func meet(expr, have, other string) string {
	switch {
	case have == "any":
		return fmt.Sprintf("take the value out first: v, ok := %s.(%s)", expr, other)
	case other == "bool" && isNumber(have):
		return fmt.Sprintf("compare it first: %s != 0", expr)
	case other == "bool" && have == "string":
		return fmt.Sprintf("compare it first: %s != \"\"", expr)
	case other == "bool" && (have == "error" || strings.HasPrefix(have, "*")):
		return fmt.Sprintf("compare it first: %s != nil", expr)
	case have == "*"+other:
		return "follow the pointer: *" + expr
	case other == "time.Duration" && isNumber(have):
		return fmt.Sprintf("convert the number: time.Duration(%s)", expr)
	case other == "string" && have == "int" && expr != "…":
		return fmt.Sprintf("write the number as text first: strconv.Itoa(%s)", expr)
	case other == "string" && isNumber(have):
		return fmt.Sprintf("write the number as text first: fmt.Sprint(%s)", expr)
	case isFloat(other) && isNumber(have) && !isFloat(have), isNumber(have) && isNumber(other) && isFloat(have) == isFloat(other):
		return fmt.Sprintf("convert one side: %s(%s)", other, expr)
	}
	return ""
}

func isFloat(t string) bool { return t == "float" || t == "float32" || t == "float64" }

func isNumber(t string) bool {
	switch strings.TrimRight(t, "0123456789") {
	case "int", "uint", "float", "complex", "byte", "rune", "uintptr":
		return true
	}
	return false
}

func isBasic(t string) bool { return isNumber(t) || t == "string" || t == "bool" }

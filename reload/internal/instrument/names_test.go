package instrument

import (
	"go/parser"
	"go/token"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCleanName(t *testing.T) {
	const m = "example.com/m/scripts/combat"
	for _, c := range []struct {
		name, want string
		generated  bool
	}{
		{"example.com/m/scripts/combat.Damage", m + ".Damage", false},
		{m + "/_hr_49052a4145d7.Damage", m + ".Damage", false},
		{m + "/_hr_49052a4145d7.(*T).Damage.func1.2", m + ".(*T).Damage.func1.2", false},
		{m + "/_hr_combat-49052a4145d7.Damage[...]", m + ".Damage[...]", false},
		{m + "/_hr_49052a4145d7._hr_init_1", m + ".init", false},
		{m + "/_hr_49052a4145d7._hr_init_12.func3", m + ".init.func3", false},
		{m + "/_hr_49052a4145d7._hr_set_3.func1", m + ".init.func1", false},
		{m + "/_hr_49052a4145d7._hr_clear._hr_set_3.func1", m + ".init.func1", false},
		{m + "/_hr_49052a4145d7._hr_inits", m + ".init", true},
		{m + "/_hr_49052a4145d7._hr_start", m + ".init", true},
		{m + "/_hr_49052a4145d7._hr_zero[...]", m + ".init", true},
		{m + "/_hr_49052a4145d7.X_hr_0123abcd", m + ".init", true},
		{m + "/_hr_49052a4145d7._hr_guard", m + ".go", true},
		{m + "/_hr_49052a4145d7._hr_go_2v_1[...].func1", m + ".go", true},
		{m + "/_hr_49052a4145d7._hr_out_Println", m + ".Println", true},
		{m + "/_hr_49052a4145d7._hr_logger", m + ".logger", true},
		{"cannot use x in argument to _hr_out_Printf", "cannot use x in argument to Printf", true},
		{m + "/_hr_49052a4145d7/main", m, false},
		{m + "/_hr_49052a4145d7/main.Reset", m + ".Reset", false},
		{"# " + m + "/_hr_49052a4145d7\na.go:1:2: undefined: lib.X", "# " + m + "\na.go:1:2: undefined: lib.X", false},
		{"cannot use x in argument to _hr_go_1_0(lib.F)", "cannot use x in argument to lib.F", false},
		{"example.com/my_hr_lib.my_hr_name", "example.com/my_hr_lib.my_hr_name", false},
		{"_hr_7 declared", "7 declared", false},
	} {
		assert.Equal(t, c.want, CleanName(c.name))
		if c.want != "cannot use x in argument to lib.F" {
			assert.Equal(t, c.generated, Generated(c.name), c.name)
		}
	}
}

func TestUnguarded(t *testing.T) {
	std := newStandard(t, append(used, "reflect")...)
	for name, text := range map[string]string{
		"a function among several results": "package p\nimport \"time\"\nfunc two() (time.Duration, func()) { return 0, nil }\n" +
			"func f() { time.AfterFunc(two()) }",
		"recover is something else": "package p\nfunc recover() {}\nfunc f() { go f() }",
		"a type that has no name here": "package p\nimport \"reflect\"\nfunc g[T any](T, reflect.ChanDir) {}\nfunc f(n int) { type B bool; " +
			"go g(1, 1<<n) }",
	} {
		t.Run(name, func(t *testing.T) {
			p, err := check(std, "example.com/p", source{"/user/p.go", []byte(text)})
			require.NoError(t, err)
			out, err := instrumentOne(std, p)
			require.NoError(t, err)
			assert.Len(t, out.Unguarded, 1)
		})
	}
}

func TestSameInputSameOutput(t *testing.T) {
	std := newStandard(t, used...)
	for _, name := range []string{"statements", "initialise", "packages"} {
		a := loadModule(t, std, "testdata/cases/"+name+".txtar", Symbol{})
		b := loadModule(t, std, "testdata/cases/"+name+".txtar", Symbol{})
		for i := range a.result.Packages {
			assert.Equal(t, a.result.Packages[i].Files, b.result.Packages[i].Files)
			assert.Equal(t, a.result.Packages[i].Extra, b.result.Packages[i].Extra)
		}
		one, err := a.result.Shim("main")
		require.NoError(t, err)
		two, err := b.result.Shim("main")
		require.NoError(t, err)
		assert.Equal(t, string(one), string(two))
		f, err := parser.ParseFile(token.NewFileSet(), "", one, 0)
		require.NoError(t, err)
		assert.NotNil(t, f.Scope.Lookup("main"))
	}
}

func BenchmarkInstrument(b *testing.B) {
	m := loadModule(b, newStandard(b, used...), "testdata/cases/statements.txtar", Symbol{})
	b.SetBytes(int64(len(m.packages[0].Files[0].Source)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Instrument(m.packages, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

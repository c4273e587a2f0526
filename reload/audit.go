package reload

import (
	"encoding/json"
	"log/slog"
	"maps"
	"os"
	"slices"
	"sync"
	"time"
)

// AuditLine is one line of the audit log: a change that went live or was refused, whoever or whatever made it.
type AuditLine struct {
	Time       time.Time     `json:"time"`
	Generation uint64        `json:"generation"` // that was live afterwards
	Outcome    Outcome       `json:"outcome"`    // live, refused, or taken-back
	Author     string        `json:"author,omitempty"`
	Revision   string        `json:"revision,omitempty"`
	Reason     string        `json:"reason,omitempty"`
	Modules    []AuditModule `json:"modules"`
}

// OutcomeTakenBack is that of versions which did not stand their probation. It is found in audit logs only.
const OutcomeTakenBack Outcome = "taken-back"

// AuditModule is one module of an AuditLine.
type AuditModule struct {
	Module  string    `json:"module"`
	Outcome Outcome   `json:"outcome"`
	Version int       `json:"version,omitempty"`
	Hash    string    `json:"hash,omitempty"`
	Mode    Mode      `json:"mode,omitempty"`
	Class   EditClass `json:"class,omitempty"`
	Rules   []string  `json:"rules,omitempty"` // that refused it
	Message string    `json:"message,omitempty"`
}

// OpenAudit opens a file for [Config.Audit]; lines are added at its end.
func OpenAudit(name string) (*os.File, error) {
	return os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o640)
}

// audit writes lines, one at a time.
type audit struct {
	mu     sync.Mutex
	failed bool
}

// record writes one line, if there is anything to tell and to write to.
func (rt *Runtime) record(outcome Outcome, c Change, modules []AuditModule) {
	if rt.cfg.Audit == nil || len(modules) == 0 {
		return
	}
	line, err := json.Marshal(AuditLine{Time: time.Now(), Generation: rt.Generation().number, Outcome: outcome, Author: c.Author,
		Revision: c.Revision, Reason: c.Reason, Modules: modules})
	rt.audit.mu.Lock()
	defer rt.audit.mu.Unlock()
	if err == nil {
		_, err = rt.cfg.Audit.Write(append(line, '\n')) // in one call, so that lines of several processes do not mix
	}
	if err != nil && !rt.audit.failed {
		rt.audit.failed = true
		rt.log(slog.LevelError, EventNotice, "the audit log cannot be written", "err", err)
	}
}

// recordRefused writes what an attempt refused.
func (a *attempt) recordRefused() {
	var modules []AuditModule
	for _, p := range a.parts {
		if p.outcome == OutcomeRefused || p.outcome == OutcomeHeld {
			m := AuditModule{Module: p.name, Outcome: p.outcome, Hash: p.hash(), Class: p.edit.Class}
			m.blame(p.diags)
			if p.version != nil {
				m.Version, m.Mode = p.version.number, p.version.mode
			}
			modules = append(modules, m)
		}
	}
	a.rt.record(OutcomeRefused, a.change, modules)
}

// blame names what refused a module.
func (m *AuditModule) blame(ds []Diagnostic) {
	for _, d := range ds {
		m.Rules = append(m.Rules, d.Rule)
	}
	slices.Sort(m.Rules)
	m.Rules = slices.Compact(m.Rules)
	if len(ds) > 0 {
		m.Message = ds[0].String()
	}
}

// recordLive writes what a commit made live.
func (rt *Runtime) recordLive(b *batch) {
	var modules []AuditModule
	for _, name := range slices.Sorted(maps.Keys(b.modules)) {
		m := AuditModule{Module: name, Outcome: OutcomeRemoved}
		if s := b.modules[name]; s.version != nil {
			m = AuditModule{Module: name, Outcome: OutcomeLive, Version: s.version.number, Hash: s.version.hash, Mode: s.version.mode,
				Class: s.edit.Class}
		}
		modules = append(modules, m)
	}
	rt.record(OutcomeLive, b.change, modules)
}

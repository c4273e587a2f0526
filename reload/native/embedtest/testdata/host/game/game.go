// Package game has what the host and its modules share.
package game

import "github.com/rogpeppe/go-internal/txtar"

// Player is one of those who play. What players own is data in a form of a third party's.
type Player struct {
	Name string
	Bag  *txtar.Archive
}

// New gives a player a bag.
func New(name string, bag []byte) *Player { return &Player{name, txtar.Parse(bag)} }

// Has says how many things of a kind there are in the bag.
func (p *Player) Has(kind string) (n int) {
	for _, f := range p.Bag.Files {
		if f.Name == kind {
			n += len(f.Data)
		}
	}
	return n
}

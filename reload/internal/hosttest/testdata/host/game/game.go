// Package game has the types that host and modules share.
package game

// Team is one side.
type Team struct {
	Name   string
	Points []int
}

// Weight is how much a point counts.
const Weight = 10

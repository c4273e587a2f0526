// Package balance is the table that a designer edits: one row a team, and what things are worth. It has no code; the
// host reads the values when a version goes live and hands them to the other modules.
package balance

import "midair/demo/game"

// Teams are the species of the arena. Change a number and save: a flock that should be larger grows, one that should be
// smaller shrinks. The number of rows is the number of teams when a room opens.
var Teams = []game.Species{
	{Name: "Amber", Boids: 104, Hunters: 2, Speed: 135, HunterSpeed: 165, Sight: 70, Reach: 9, Rest: 1.2},
	{Name: "Teal", Boids: 104, Hunters: 2, Speed: 125, HunterSpeed: 170, Sight: 85, Reach: 9, Rest: 1.0},
	{Name: "Rose", Boids: 104, Hunters: 2, Speed: 145, HunterSpeed: 160, Sight: 60, Reach: 10, Rest: 1.5},
}

// Points is what an event is worth, by its kind; module rules looks them up.
var Points = map[string]int{
	"Catch":   5,
	"Second":  1,
	"Extinct": 50,
}

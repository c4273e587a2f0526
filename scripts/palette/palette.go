// Package palette is how the page paints the arena. Change a colour and save; the page follows with the next frame.
package palette

import "midair/demo/game"

const (
	// Trail is how long a boid leaves a trace: 0 none, 0.97 a long one.
	Trail = 0.82

	// BoidSize and HunterSize are lengths in pixels of the arena.
	BoidSize   = 8.5
	HunterSize = 17.0
)

// Night is used where the reader's system is dark.
var Night = game.Colours{
	Background: "#10141f",
	Lines:      "#1b2233",
	Hunter:     "#f4f1ea",
	Flash:      "#ffffff",
	Teams:      []string{"#f2b056", "#4cc9b5", "#ef7b9b", "#8aa7ff", "#b7d968", "#c99bff"},
}

// Day is used where it is light.
var Day = game.Colours{
	Background: "#f7f4ec",
	Lines:      "#e9e3d5",
	Hunter:     "#2a2d36",
	Flash:      "#17191f",
	Teams:      []string{"#d07a10", "#0f8f80", "#cf3f6c", "#3f62d6", "#6b9214", "#8b4fd0"},
}

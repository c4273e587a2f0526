//go:build !race

package modetest_test

const raceEnabled = false

// Package sums is a library that the modules share.
package sums

// Add adds a list up.
func Add(list []int) int {
	sum := 0
	for _, n := range list {
		sum += n
	}
	return sum
}

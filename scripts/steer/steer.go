// Package steer is the vector maths that the modules share. It is a library: the host binds nothing to it, and saving it
// reloads exactly the modules that import it, together.
//
// A call from one interpreted function to another costs about as much as thirty field accesses, so these belong after
// an inner loop, never into it.
package steer

import "math"

// Gain scales every push that goes through Limit. Set it to 0.3 and save: flocks and hunters grow lazy at once, since
// both import this package.
const Gain = 1.0

// Limit shortens the vector (x, y) to at most most, keeping its direction.
func Limit(x, y, most float64) (float64, float64) {
	x *= Gain
	y *= Gain
	square := x*x + y*y
	if square <= most*most {
		return x, y
	}
	scale := most / math.Sqrt(square)
	return x * scale, y * scale
}

// Toward is the push of the given strength in the direction (dx, dy). Without a direction there is no push.
func Toward(dx, dy, strength float64) (float64, float64) {
	length := math.Sqrt(dx*dx + dy*dy)
	if length == 0 {
		return 0, 0
	}
	return dx / length * strength, dy / length * strength
}

// Lead is how many seconds a pursuer at the given distance and speed flies until it is there, at most most: where the
// prey will be then is a better aim than where it is.
func Lead(distance, speed, most float64) float64 {
	if speed <= 0 {
		return 0
	}
	t := distance / speed
	if t > most {
		return most
	}
	return t
}

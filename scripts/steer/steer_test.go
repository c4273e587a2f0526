package steer

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestLimit(t *testing.T) {
	x, y := Limit(30, 40, 5)
	assert.InDelta(t, 3, x, 1e-9)
	assert.InDelta(t, 4, y, 1e-9)
	x, y = Limit(1, 2, 5)
	assert.InDelta(t, Gain, x, 1e-9)
	assert.InDelta(t, 2*Gain, y, 1e-9)
}

func TestToward(t *testing.T) {
	x, y := Toward(0, -9, 2)
	assert.InDelta(t, 0, x, 1e-9)
	assert.InDelta(t, -2, y, 1e-9)
	x, y = Toward(0, 0, 2)
	assert.Zero(t, x)
	assert.Zero(t, y)
}

func TestLead(t *testing.T) {
	assert.InDelta(t, 0.5, Lead(50, 100, 2), 1e-9)
	assert.InDelta(t, 2, Lead(5000, 100, 2), 1e-9)
	assert.Zero(t, Lead(50, 0, 2))
}

package score

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"MODULE/game"
)

func TestTotal(t *testing.T) {
	n, err := Total(&game.Player{Name: "Ada", Points: []int{1, 2}})
	require.NoError(t, err)
	assert.Equal(t, 3*game.Weight, n)
}

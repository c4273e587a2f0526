package arena

import (
	"encoding/binary"
	"math"

	"midair/demo/game"
)

// A frame is what the page needs to paint a world, in little-endian bytes:
//
//	0  u8   1, the kind of message
//	1  u8   0
//	2  u16  number of entities
//	4  u32  tick
//	8  u32  generation
//	12      entities of six bytes: u16 x, u16 y (in units of 1/50 pixel), u8 heading (256 a turn), u8 team; the team's
//	        highest bit tells hunters, the next one those that rest
const (
	frameHeader = 12
	frameEntity = 6
	frameScale  = 50

	frameHunter  = 0x80
	frameResting = 0x40
)

// Frame renders the world as it is after a tick.
func (w *World) Frame(generation uint64) []byte {
	n := len(w.boids) + len(w.hunters)
	b := make([]byte, 0, frameHeader+n*frameEntity)
	b = append(b, 1, 0)
	b = binary.LittleEndian.AppendUint16(b, uint16(n))
	b = binary.LittleEndian.AppendUint32(b, uint32(w.shared.Tick))
	b = binary.LittleEndian.AppendUint32(b, uint32(generation))
	for _, e := range w.boids {
		b = appendEntity(b, e, 0)
	}
	for _, e := range w.hunters {
		flags := byte(frameHunter)
		if e.Rest > 0 {
			flags |= frameResting
		}
		b = appendEntity(b, e, flags)
	}
	return b
}

func appendEntity(b []byte, e *game.Entity, flags byte) []byte {
	b = binary.LittleEndian.AppendUint16(b, uint16(e.X*frameScale))
	b = binary.LittleEndian.AppendUint16(b, uint16(e.Y*frameScale))
	turn := math.Atan2(e.VY, e.VX) / (2 * math.Pi)
	return append(b, byte(int(math.Round(turn*256))&0xff), byte(e.Team)|flags)
}

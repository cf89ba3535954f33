package room

import (
	"math"

	"greenroom.dev/greenroom/internal/room/wire"
)

// grid keeps numbered points in cubes of one size, so that those near a place are found without a look at all of them.
type grid struct {
	size  int32            // of a cube's edge, in steps
	cells map[uint64][]dot // by cellOf; none is empty
	where []place3         // by number
	n     int              // points
}

// dot is a point in its cell.
type dot struct {
	id      int32
	x, y, z int16
}

// place3 is where a point is kept; index -1: nowhere.
type place3 struct {
	cell  uint64
	index int32
}

// neighbour is a point and the square of its distance.
type neighbour struct {
	id int32
	d2 int64
}

// newGrid makes one for questions of about radius, in steps.
func newGrid(radius float64) *grid {
	return &grid{size: int32(min(max(math.Ceil(radius), 1), 1<<16)), cells: map[uint64][]dot{}}
}

// axis is the cell of a coordinate along one axis; it fits 16 bits as the coordinate does.
func (g *grid) axis(v int32) int32 {
	if v < 0 {
		return (v+1)/g.size - 1
	}
	return v / g.size
}

func cellOf(x, y, z int32) uint64 {
	return uint64(uint16(x))<<32 | uint64(uint16(y))<<16 | uint64(uint16(z))
}

// put places point id, which may be somewhere else by now. Numbers should be small: the grid keeps a list of them.
func (g *grid) put(id int32, p *wire.Position) {
	for int(id) >= len(g.where) {
		g.where = append(g.where, place3{index: -1})
	}
	d := dot{id, p.X, p.Y, p.Z}
	cell := cellOf(g.axis(int32(p.X)), g.axis(int32(p.Y)), g.axis(int32(p.Z)))
	w := &g.where[id]
	if w.index >= 0 && w.cell == cell {
		g.cells[cell][w.index] = d
		return
	}
	g.remove(id)
	dots := append(g.cells[cell], d)
	g.cells[cell] = dots
	*w = place3{cell, int32(len(dots) - 1)}
	g.n++
}

// remove takes point id out, if it is in.
func (g *grid) remove(id int32) {
	if int(id) >= len(g.where) || g.where[id].index < 0 {
		return
	}
	w := &g.where[id]
	dots := g.cells[w.cell]
	last := len(dots) - 1
	dots[w.index] = dots[last]
	g.where[dots[last].id].index = w.index
	if last == 0 {
		delete(g.cells, w.cell)
	} else {
		g.cells[w.cell] = dots[:last]
	}
	w.index = -1
	g.n--
}

// near appends to dst the points nearer to p than radius, in steps, in no order.
func (g *grid) near(dst []neighbour, p *wire.Position, radius float64) []neighbour {
	r := int32(min(math.Ceil(radius), 1<<17))
	r2 := radius * radius
	x, y, z := int32(p.X), int32(p.Y), int32(p.Z)
	low := [3]int32{g.low(x - r), g.low(y - r), g.low(z - r)}
	high := [3]int32{g.high(x + r), g.high(y + r), g.high(z + r)}
	box := int64(high[0]-low[0]+1) * int64(high[1]-low[1]+1) * int64(high[2]-low[2]+1)
	if box > int64(len(g.cells)) { // fewer cells are there than would be asked for
		for _, dots := range g.cells {
			dst = within(dst, dots, p, r2)
		}
		return dst
	}
	for cx := low[0]; cx <= high[0]; cx++ {
		for cy := low[1]; cy <= high[1]; cy++ {
			for cz := low[2]; cz <= high[2]; cz++ {
				dst = within(dst, g.cells[cellOf(cx, cy, cz)], p, r2)
			}
		}
	}
	return dst
}

func (g *grid) low(v int32) int32  { return g.axis(max(v, math.MinInt16)) }
func (g *grid) high(v int32) int32 { return g.axis(min(v, math.MaxInt16)) }

func within(dst []neighbour, dots []dot, p *wire.Position, r2 float64) []neighbour {
	for i := range dots {
		if d2 := dots[i].distance2(p); float64(d2) < r2 {
			dst = append(dst, neighbour{dots[i].id, d2})
		}
	}
	return dst
}

func (d *dot) distance2(p *wire.Position) int64 {
	x, y, z := int64(d.x)-int64(p.X), int64(d.y)-int64(p.Y), int64(d.z)-int64(p.Z)
	return x*x + y*y + z*z
}

package main

import (
	"fmt"
	"image/color"
	"math"
	"os"
	"path/filepath"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// curve is one line of a panel.
type curve struct {
	name   string
	points plotter.XYs
}

// panel is one of the four graphs: a cost against the length of the line, from 0 upwards.
type panel struct {
	title, unit string
	curves      []curve
}

var (
	colours = []color.Color{color.RGBA{0x1f, 0x5f, 0xa8, 0xff}, color.RGBA{0xc4, 0x5a, 0x11, 0xff}}
	faint   = color.RGBA{0xdd, 0xdd, 0xdd, 0xff}
)

// panels are the four graphs of a report.
func (r *report) panels() []panel {
	of := func(value func(row) float64) plotter.XYs {
		var points plotter.XYs
		for _, x := range r.Redis {
			points = append(points, plotter.XY{X: float64(x.Waiting), Y: value(x)})
		}
		return points
	}
	var long, short, embedded plotter.XYs
	for _, p := range r.Polls {
		long = append(long, plotter.XY{X: float64(p.Waiting), Y: p.Cost.Median})
		short = append(short, plotter.XY{X: float64(p.Waiting), Y: p.CostBeside.Median})
	}
	for _, m := range r.Memory {
		embedded = append(embedded, plotter.XY{X: float64(m.Waiting), Y: m.PerTicket})
	}
	return []panel{
		{"A poll: the gateway's CPU", "µs", []curve{{"at this length", long}, {"at 1,000 waiting, same moment and core", short}}},
		{"A join: CPU of Redis", "µs", []curve{{"512 at once", of(func(x row) float64 { return x.Joined.Median })}}},
		{"Calls and entries: CPU of Redis", "µs", []curve{
			{"an entry, 512 at once", of(func(x row) float64 { return x.Entered.Median })},
			{"a call, 1,000 in a tick", of(func(x row) float64 { return x.Called.Median })},
		}},
		{"Memory for one who waits", "bytes", []curve{
			{"Redis", of(func(x row) float64 { return x.PerTicket })}, {"embedded", embedded},
		}},
	}
}

// drawGraph writes the graph as a PNG.
func drawGraph(r *report, path string) error {
	var tiles [][]*plot.Plot
	for n, p := range r.panels() {
		drawn, err := p.plot()
		if err != nil {
			return fmt.Errorf("draw %q: %w", p.title, err)
		}
		if n%2 == 0 {
			tiles = append(tiles, nil)
		}
		tiles[n/2] = append(tiles[n/2], drawn)
	}
	img := vgimg.NewWith(vgimg.UseWH(9.6*vg.Inch, 6.4*vg.Inch), vgimg.UseDPI(110))
	grid := draw.Tiles{
		Rows: 2, Cols: 2, PadX: 0.3 * vg.Inch, PadY: 0.3 * vg.Inch,
		PadTop: vg.Points(8), PadBottom: vg.Points(8), PadLeft: vg.Points(8), PadRight: vg.Points(16),
	}
	for row, canvases := range plot.Align(tiles, grid, draw.New(img)) {
		for column, canvas := range canvases {
			tiles[row][column].Draw(canvas)
		}
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // a picture is no secret
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if _, err := (vgimg.PngCanvas{Canvas: img}).WriteTo(f); err != nil {
		_ = f.Close()
		return err
	}
	return f.Close()
}

func (p *panel) plot() (*plot.Plot, error) {
	g := plot.New()
	g.Title.Text, g.Y.Label.Text, g.X.Label.Text = p.title, p.unit, "waiting (logarithmic)"
	g.Title.TextStyle.Font.Size = vg.Points(13)
	g.X.Scale, g.X.Tick.Marker = plot.LogScale{}, plot.TickerFunc(decades)
	grid := plotter.NewGrid()
	grid.Vertical.Color, grid.Horizontal.Color = faint, faint
	g.Add(grid)
	highest := 0.0
	for n, c := range p.curves {
		if len(c.points) == 0 {
			continue
		}
		line, marks, err := plotter.NewLinePoints(c.points)
		if err != nil {
			return nil, err
		}
		line.Color, line.Width = colours[n], vg.Points(1.8)
		marks.Color, marks.Shape, marks.Radius = colours[n], draw.CircleGlyph{}, vg.Points(3)
		g.Add(line, marks)
		g.Legend.Add(c.name, line, marks)
		for _, at := range c.points {
			highest = max(highest, at.Y)
		}
	}
	g.X.Min, g.X.Max, g.Y.Min, g.Y.Max = 1e3, 1e7, 0, highest*1.5
	g.Legend.Top, g.Legend.Padding = true, vg.Points(2)
	return g, nil
}

// decades are the marks of the axis of lengths.
func decades(_, _ float64) []plot.Tick {
	var ticks []plot.Tick
	for n, name := range []string{"1,000", "10,000", "100,000", "1 million", "10 million"} {
		ticks = append(ticks, plot.Tick{Value: math.Pow10(n + 3), Label: name})
	}
	return ticks
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"greenroom.dev/greenroom/internal/bot"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/plot"
	"greenroom.dev/greenroom/sdk/go/client"
)

// curveFlags are those of `bots --curve` alone.
type curveFlags struct {
	Speed    speed         `default:"1x" help:"With --curve: how much faster than the trace, such as 60x." placeholder:"1x"`
	Seed     uint64        `default:"1" help:"With --curve: of when in its step a bot comes, and how long it stays."`
	Window   []window      `default:"0s-1m" help:"With --curve: joins of these parts of the run are summed up apart." placeholder:"0s-1m"`
	Every    time.Duration `default:"1s" help:"With --curve: how often the timeline is sampled."`
	Timeline string        `help:"With --curve: write servers, sessions, players and joins over time to this CSV file." placeholder:"FILE"`
	Plot     string        `help:"With --curve: draw them; FILE ends with .svg or .png." placeholder:"FILE"`
}

// speed is a factor, written as "60x" or "60".
type speed float64

// UnmarshalText reads a flag's value.
func (s *speed) UnmarshalText(text []byte) error {
	factor, err := strconv.ParseFloat(strings.TrimSuffix(string(text), "x"), 64)
	if err != nil {
		return fmt.Errorf("%q is no speed such as 60x", text)
	}
	*s = speed(factor)
	return nil
}

// window is a part of a run, written as "0s-1m".
type window bot.Window

// UnmarshalText reads a flag's value.
func (w *window) UnmarshalText(text []byte) error {
	from, to, _ := strings.Cut(string(text), "-")
	begin, err := time.ParseDuration(from)
	end, err2 := time.ParseDuration(to)
	if err != nil || err2 != nil {
		return fmt.Errorf("%q is no part of a run such as 0s-1m", text)
	}
	w.From, w.To = begin, end
	return nil
}

func (cmd *botsCommand) playCurve(ctx context.Context, g *Globals, c *console) error {
	config, err := cmd.curveConfig()
	if err != nil {
		return err
	}
	api, err := g.dial()
	if err != nil {
		return err
	}
	config.API = client.Config{URL: api.base, Token: api.token, Latencies: cmd.Latency}
	config.Fleets, config.Routes, config.Events = api.fleets, api.routes, api.events
	if c.terminal() {
		config.Progress = c.err
	}
	report, err := bot.PlayCurve(ctx, config)
	if err != nil {
		return err
	}
	if err := errors.Join(printReport(c.out, cmd.Output, report), cmd.writeCurve(c, &report)); err != nil {
		return err
	}
	if fault := report.Fault(); fault != "" {
		return errors.New(fault)
	}
	return nil
}

// curveConfig reads the trace and checks everything that can be checked before anything is played.
func (cmd *botsCommand) curveConfig() (bot.CurveConfig, error) {
	demand, err := readTrace(cmd.Curve)
	if err != nil {
		return bot.CurveConfig{}, err
	}
	config := bot.CurveConfig{
		Trace: demand, Route: model.RouteName(cmd.Route), Seed: cmd.Seed, Speed: float64(cmd.Speed), Hz: cmd.Hz,
		Transport: cmd.Transport, ValueBytes: cmd.Payload, Every: cmd.Every,
	}
	for _, w := range cmd.Window {
		config.Windows = append(config.Windows, bot.Window(w))
	}
	if err := config.Check(); err != nil {
		return bot.CurveConfig{}, usageError{err}
	}
	if _, err := pictureFormat(cmd.Plot); cmd.Plot != "" && err != nil {
		return bot.CurveConfig{}, err
	}
	for _, name := range []string{cmd.Timeline, cmd.Plot} { // not after an hour
		if _, err := os.Stat(filepath.Dir(name)); name != "" && err != nil {
			return bot.CurveConfig{}, usageError{err}
		}
	}
	return config, nil
}

func (cmd *botsCommand) writeCurve(c *console, report *bot.CurveReport) error {
	if cmd.Timeline != "" {
		if err := writeTo(cmd.Timeline, c.out, func(w io.Writer) error { return bot.WriteTimeline(w, report.Timeline) }); err != nil {
			return err
		}
	}
	if cmd.Plot == "" {
		return nil
	}
	format, err := pictureFormat(cmd.Plot)
	if err != nil {
		return err
	}
	title := strings.TrimSuffix(filepath.Base(cmd.Curve), filepath.Ext(cmd.Curve))
	return writeTo(cmd.Plot, c.out, func(w io.Writer) error { return plot.Time(w, format, report.Figure(title)) })
}

// pictureFormat tells a picture's format by its file's name.
func pictureFormat(name string) (string, error) {
	switch ext := strings.TrimPrefix(filepath.Ext(name), "."); ext {
	case plot.SVG, plot.PNG:
		return ext, nil
	}
	return "", usagef("--plot %s: the file's name ends with .svg or .png", name)
}

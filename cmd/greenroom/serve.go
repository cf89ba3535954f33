package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"

	"github.com/alecthomas/kong"

	"greenroom.dev/greenroom/internal/app"
	"greenroom.dev/greenroom/internal/observe"
)

// controlFlags are the settings of a control plane, however it is run.
type controlFlags struct {
	Listen      string        `help:"Address of API, console and metrics; port 0 takes any free one." env:"GREENROOM_LISTEN" default:"127.0.0.1:7350" placeholder:"ADDR"`
	Advertise   string        `help:"Host by which players reach servers here. Default: the listen address's." env:"GREENROOM_ADVERTISE" placeholder:"HOST"`
	ServerPorts app.PortRange `help:"Ports of servers." env:"GREENROOM_SERVER_PORTS" default:"7400-7999" placeholder:"FIRST-LAST"`
	Node        []string      `help:"What this machine is called in greenroom node; given several, it pretends to be as many. Default: the host's name." env:"GREENROOM_NODE" placeholder:"NAME"`
	LogLevel    logLevel      `help:"debug, info, warn or error." env:"GREENROOM_LOG_LEVEL" default:"${log_level}"`
	LogFormat   string        `help:"${enum}; auto is text on a terminal." enum:"auto,text,json" env:"GREENROOM_LOG_FORMAT" default:"auto"`
	Config      string        `help:"YAML file whose keys are these flags' names. Default: greenroom.yaml in the data folder, if it is there." env:"GREENROOM_CONFIG" type:"path" placeholder:"FILE"`

	doorFlags

	TagEnv     string `name:"tag-env" help:"Tag of logs and metrics." env:"GREENROOM_TAG_ENV" placeholder:"NAME" group:"tags"`
	TagService string `name:"tag-service" help:"Likewise." env:"GREENROOM_TAG_SERVICE" default:"greenroom" placeholder:"NAME" group:"tags"`
	TagTeam    string `name:"tag-team" help:"Likewise." env:"GREENROOM_TAG_TEAM" placeholder:"NAME" group:"tags"`
}

// config makes the app's config of the flags.
func (f *controlFlags) config(g *Globals, c *console) app.Config {
	version, _ := app.Version()
	tags := observe.Tags{Env: f.TagEnv, Service: f.TagService, Version: version, Team: f.TagTeam}
	format := f.LogFormat
	if format == "auto" {
		format = observe.FormatAuto
	}
	return app.Config{
		DataDir: g.DataDir, Listen: f.Listen, Advertise: f.Advertise, ServerPorts: f.ServerPorts, Nodes: f.Node,
		TLSCert: f.TLSCert, TLSKey: f.TLSKey, WebTransport: f.WebTransport,
		Logger: observe.NewLogger(c.err, format, slog.Level(f.LogLevel), tags), Tags: tags,
	}
}

// withConfigFile gives the flags that neither the command line nor the environment set the file's values.
func withConfigFile(args []string) (kong.Option, error) {
	path, named := peekFlag(args, "config", "GREENROOM_CONFIG")
	if !named {
		dir, ok := peekFlag(args, "data-dir", "GREENROOM_DATA_DIR")
		if !ok {
			dir = defaultDataDir()
		}
		path = filepath.Join(dir, "greenroom.yaml")
	}
	file, err := loadConfigFile(path, named)
	if err != nil {
		return nil, err
	}
	return kong.Resolvers(file), nil
}

// serveCommand runs the control plane as a service.
type serveCommand struct {
	controlFlags `set:"log_level=info"`
}

// Help says what differs from up.
func (serveCommand) Help() string {
	return "Ends on SIGINT or SIGTERM; its servers go on and are found again by the next one on the same data folder."
}

// collectLess gives joins back what marking the registry's long-lived heap would cost them, unless GOGC says otherwise:
// docs/decisions/0006-garbage-collection.md.
func collectLess() {
	const percent = 200
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(percent)
	}
}

func (cmd *serveCommand) Run(ctx context.Context, g *Globals, c *console) error {
	collectLess()
	a, err := app.New(cmd.config(g, c))
	if err != nil {
		return fmt.Errorf("start: %w", err)
	}
	return a.Run(ctx)
}

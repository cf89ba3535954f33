// Command greenroom is all of Greenroom: the control plane, the room server, and the tools that talk to them. Each command
// has a file of its own; nothing else in the project reads os.Args.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
	kongcompletion "github.com/jotaen/kong-completion"
)

// Exit codes, also listed by `greenroom --help`.
const (
	exitOK      = 0
	exitFailed  = 1 // the command did not do what it was asked
	exitUsage   = 2 // the command line or a file is wrong; nothing was done
	exitRefused = 3 // the API refused: no such thing, no permission, a conflict
	// exitNotReady is what `event check` ends with: it looked, and something is missing or in the way.
	exitNotReady = 2
	exitRetry    = 4 // full or unreachable: the same command may succeed later
	// exitInterrupted is what shells say of a command that Ctrl-C ended: one that was to bring about something and did not. Those
	// that only watch end well.
	exitInterrupted = 130
)

// commandLine is every command there is.
type commandLine struct {
	Globals

	Up    upCommand    `cmd:"" group:"run" help:"Run everything on this machine, with nothing to set up."`
	Serve serveCommand `cmd:"" group:"run" help:"Run the control plane as a service; its servers outlive it."`
	Echo  echoCommand  `cmd:"" group:"run" help:"Answer those who measure how far this machine is."`
	Room  roomCommand  `cmd:"" group:"run" help:"Run one room server (the process provider starts these)."`

	Apply     applyCommand     `cmd:"" group:"manage" help:"Create or change fleets, routes, events and rollouts from YAML."`
	Delete    deleteCommand    `cmd:"" group:"manage" help:"Delete a fleet, a route or a rollout, or cancel an event."`
	Get       getCommand       `cmd:"" group:"manage" help:"List fleets, routes, events, rollouts, nodes, servers, sessions, tokens or the audit log."`
	Event     eventCommand     `cmd:"" group:"manage" help:"Announce an event, move it, and check that it is prepared."`
	Rollout   rolloutCommand   `cmd:"" group:"manage" help:"Follow, pause, resume or promote a rollout."`
	Rollback  rollbackCommand  `cmd:"" group:"manage" help:"Give a route the weights back that it had before its last rollout."`
	Describe  describeCommand  `cmd:"" group:"manage" help:"Show one thing in full."`
	Upgrade   upgradeCommand   `cmd:"" group:"manage" help:"Follow, pause, resume or undo the replacement of a fleet's servers."`
	Drain     drainCommand     `cmd:"" group:"manage" help:"Hand a server's sessions over and stop it; nobody is cut."`
	Undrain   undrainCommand   `cmd:"" group:"manage" help:"Take a drain back."`
	End       endCommand       `cmd:"" group:"manage" help:"End a session now."`
	Decisions decisionsCommand `cmd:"" group:"manage" help:"Say what keepers did, and why, from the log that is kept."`
	History   historyCommand   `cmd:"" group:"manage" help:"Show or draw what a fleet, a route or all of them did."`
	Costs     costsCommand     `cmd:"" group:"manage" help:"Say what fleets cost, per player-hour and idle."`
	Explain   explainCommand   `cmd:"" group:"manage" help:"Say what the keeper did for a fleet, and why."`
	Logs      logsCommand      `cmd:"" group:"manage" help:"Print what a server printed."`
	Node      nodeCommand      `cmd:"" group:"manage" help:"List machines, and say that one goes away."`
	Signal    signalCommand    `cmd:"" group:"manage" help:"Set numbers that fleets scale on."`
	Server    serverCommand    `cmd:"" group:"manage" help:"Make what servers that are run by hand are started with."`
	Token     tokenCommand     `cmd:"" group:"manage" help:"Make, list and revoke API tokens; make a console login link."`

	Join  joinCommand  `cmd:"" group:"play" help:"Seat players in a session and print how to get there."`
	Ping  pingCommand  `cmd:"" group:"play" help:"Measure how far a route's regions are from here."`
	Bots  botsCommand  `cmd:"" group:"play" help:"Send simulated players and report what they saw."`
	Stage stageCommand `cmd:"" group:"play" help:"Say something in all rooms at once."`

	Trace    traceCommand    `cmd:"" group:"manage" help:"Make and check demand over time, as simulate plays it."`
	Simulate simulateCommand `cmd:"" group:"manage" help:"Say what a day would have cost under a policy; with --chaos, whether faults break a rule."`

	BotsRoom   botsRoomCommand           `cmd:"" hidden:"" help:"Be the room server that bots --find-capacity starts."`
	Version    versionCommand            `cmd:"" group:"other" help:"Print the version."`
	Completion kongcompletion.Completion `cmd:"" group:"other" help:"Print the code that makes the shell complete greenroom's commands."`
}

const description = `Greenroom runs fleets of long-lived-session servers: warm before anyone asks, never cut under players.

  greenroom up --demo                  run everything here, with a demo to look at
  greenroom join plaza --key room-7    seat a player
  greenroom get servers                look around

Exit codes: 0 done · 1 failed · 2 wrong command line or file, or not ready · 3 refused · 4 full or unreachable, try again later ·
130 interrupted before it was done.`

func main() {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // the terminal was closed, and nobody said nohup
		signals = append(signals, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(context.Background(), signals...)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends at once, whatever is still under way
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is main with its world given: the arguments after the program's name, and where to print.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var line commandLine
	if len(args) == 0 {
		args = []string{"--help"}
	}
	file, err := withConfigFile(args)
	if err != nil {
		fmt.Fprintln(stderr, "greenroom:", err)
		return exitUsage
	}
	exited := -1
	parser, err := newParser(&line, stdout, stderr, file, kong.Exit(func(code int) { exited = code }), kong.BindTo(ctx, (*context.Context)(nil)))
	if err != nil {
		fmt.Fprintln(stderr, "greenroom:", err)
		return exitFailed
	}
	kongcompletion.Register(parser, predictors()...)
	parsed, err := parser.Parse(args)
	if exited >= 0 { // --help
		return exited
	}
	if err != nil {
		fmt.Fprintf(stderr, "greenroom: %v\nSee `%s --help`.\n", err, helpFor(err))
		return exitUsage
	}
	err = parsed.Run(&line.Globals)
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		fmt.Fprintln(stderr, "greenroom:", interrupted(err))
		return exitInterrupted
	}
	fmt.Fprintln(stderr, "greenroom:", sentence(err))
	return exitCode(err)
}

// newParser builds the command line's grammar.
func newParser(line *commandLine, stdout, stderr io.Writer, more ...kong.Option) (*kong.Kong, error) {
	parser, err := kong.New(line, append(more,
		kong.Name("greenroom"), kong.Description(description), kong.Writers(stdout, stderr),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true, FlagsLast: true, WrapUpperBound: 110}),
		kong.ExplicitGroups([]kong.Group{
			{Key: "run", Title: "Run"},
			{Key: "manage", Title: "Manage"},
			{Key: "play", Title: "Play"},
			{Key: "other", Title: "Other"},
			{Key: "doors", Title: "Doors:"},
			{Key: "tags", Title: "Tags:"},
		}),
		kong.Vars{"data_dir": defaultDataDir()},
		kong.Bind(&console{out: stdout, err: stderr}),
	)...)
	if err == nil {
		addExamples(parser)
	}
	return parser, err
}

// helpFor names the command whose help fits a parse error.
func helpFor(err error) string {
	var parse *kong.ParseError
	if errors.As(err, &parse) && parse.Context != nil {
		words, _, _ := strings.Cut(parse.Context.Command(), "<") // arguments stand in <> or [<>]
		if words = strings.TrimRight(words, " ["); words != "" {
			return "greenroom " + words
		}
	}
	return "greenroom"
}

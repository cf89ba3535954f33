package main

import (
	"strings"

	"github.com/alecthomas/kong"
)

// examples are those of commands whose help needs nothing else below its flags. The others have a method Help.
func examples() map[string]string {
	return map[string]string{
		"completion":    "eval \"$(greenroom completion --code bash)\"",
		"delete":        "greenroom delete rollout plaza-2",
		"describe":      "greenroom describe session plaza/room-7",
		"echo":          "greenroom echo --listen-udp :7351 --listen-http :7351",
		"end":           "greenroom end plaza/room-7",
		"explain":       "greenroom explain rooms",
		"get audit":     "greenroom get audit --limit 20",
		"get events":    "greenroom get events -w",
		"get fleets":    "greenroom get fleets -w",
		"get nodes":     "greenroom get nodes -o json",
		"get rollouts":  "greenroom get rollouts -o yaml",
		"get routes":    "greenroom get routes plaza -o yaml",
		"get servers":   "greenroom get servers --fleet rooms -w",
		"get sessions":  "greenroom get sessions --route plaza",
		"get tokens":    "greenroom get tokens",
		"logs":          "greenroom logs rooms-k3v9x2ab --follow",
		"node list":     "greenroom node list",
		"node undrain":  "greenroom node undrain host-3",
		"room":          `provider: {process: {command: [greenroom, room, --half-open-per-address, "-1"]}} in a fleet's spec`,
		"serve":         "greenroom serve --data-dir /var/lib/greenroom --listen 0.0.0.0:7350 --advertise play.example.org",
		"signal delete": "greenroom signal delete lobby/queue",
		"signal list":   "greenroom signal list",
		"token create":  "greenroom token create game-backend --scope join",
		"token list":    "greenroom token list",
		"token login":   "greenroom token login",
		"token revoke":  "greenroom token revoke game-backend",
		"undrain":       "greenroom undrain rooms-k3v9x2ab",
		"version":       "greenroom version --server",
	}
}

// addExamples puts the examples below the help of their commands.
func addExamples(parser *kong.Kong) {
	all := examples()
	_ = kong.Visit(parser.Model, func(node kong.Visitable, next kong.Next) error {
		if command, ok := node.(*kong.Node); ok && command.Type == kong.CommandNode {
			if example := all[words(command)]; example != "" {
				command.Detail = strings.TrimPrefix(command.Detail+"\n\nExample: "+example, "\n\n")
			}
		}
		return next(nil)
	})
}

// words are a command's path without the program's name.
func words(command *kong.Node) string {
	if command.Parent == nil || command.Parent.Type != kong.CommandNode {
		return command.Name
	}
	return words(command.Parent) + " " + command.Name
}

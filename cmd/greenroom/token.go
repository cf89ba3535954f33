package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
)

type tokenCommand struct {
	Create createToken `cmd:"" help:"Make a token and print its secret, this once."`
	List   getTokens   `cmd:"" help:"List the tokens."`
	Revoke revokeToken `cmd:"" help:"Make a token worthless."`
	Login  loginLink   `cmd:"" help:"Print a one-time link that opens the console."`
}

type createToken struct {
	Name    string        `arg:"" help:"What the audit log calls it."`
	Scope   string        `enum:"view,join,operate,admin" default:"join" help:"What it may do: ${enum}; each includes the ones before."`
	Expires time.Duration `help:"After how long it ends. Default: never." placeholder:"DURATION"`
}

func (cmd *createToken) Run(ctx context.Context, g *Globals, c *console) error {
	api, err := g.dial()
	if err != nil {
		return err
	}
	request := &greenroomv1.CreateTokenRequest{Name: cmd.Name, Scope: greenroomv1.Scope(greenroomv1.Scope_value["SCOPE_"+strings.ToUpper(cmd.Scope)])}
	if cmd.Expires != 0 {
		request.ExpiresIn = durationpb.New(cmd.Expires)
	}
	answer, err := api.system.CreateToken(ctx, request)
	if err != nil {
		return err
	}
	fmt.Fprintln(c.out, answer.GetSecret())
	return nil
}

type revokeToken struct {
	Name string `arg:"" help:"The token's name."`
}

func (cmd *revokeToken) Run(ctx context.Context, g *Globals, c *console) error {
	api, err := g.dial()
	if err != nil {
		return err
	}
	if _, err := api.system.RevokeToken(ctx, &greenroomv1.RevokeTokenRequest{Name: cmd.Name}); err != nil {
		return err
	}
	fmt.Fprintf(c.out, "token %s is worthless now\n", cmd.Name)
	if cmd.Name == "admin" {
		fmt.Fprintln(c.err, "the control plane makes another when it starts again, for commands on its machine")
	}
	return nil
}

type loginLink struct{}

func (*loginLink) Run(ctx context.Context, g *Globals, c *console) error {
	api, err := g.dial()
	if err != nil {
		return err
	}
	answer, err := api.system.CreateLogin(ctx, &greenroomv1.CreateLoginRequest{})
	if err != nil {
		return err
	}
	fmt.Fprintf(c.out, "%s/login#code=%s\n", api.base, answer.GetCode())
	return nil
}

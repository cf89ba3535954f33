package wire

// CloseCode is a WebSocket close code. 4000–4099 say "reconnect", 4100–4199 say "stop".
type CloseCode uint16

// The close codes of docs/WIRE.md.
const (
	CloseMoved       CloseCode = 4001
	CloseGoingAway   CloseCode = 4002
	CloseTooSlow     CloseCode = 4003
	CloseIdle        CloseCode = 4004
	CloseBadTicket   CloseCode = 4101
	CloseOtherServer CloseCode = 4102
	CloseExpired     CloseCode = 4103
	CloseReleased    CloseCode = 4104
	CloseReplaced    CloseCode = 4105
	CloseEnded       CloseCode = 4106
	CloseProtocol    CloseCode = 4107
	CloseFlooding    CloseCode = 4108
	CloseTooLarge    CloseCode = 4109
	CloseFull        CloseCode = 4110
	CloseRemoved     CloseCode = 4111
	CloseRefused     CloseCode = 4112
)

// Close codes that the games in rooms give meaning to: the first and last of those that say "reconnect" and "stop".
const (
	CloseGameRetry     = 4050
	CloseGameRetryLast = 4099
	CloseGameStop      = 4150
	CloseGameStopLast  = 4199
)

// Games tells whether c is of a game's own.
func (c CloseCode) Games() bool {
	return c >= CloseGameRetry && c <= CloseGameRetryLast || c >= CloseGameStop && c <= CloseGameStopLast
}

// Reconnect tells whether a client closed with c tries again by itself. Codes outside 4100–4199 (1006 of a lost
// connection among them) say yes.
func (c CloseCode) Reconnect() bool { return c < 4100 || c > 4199 }

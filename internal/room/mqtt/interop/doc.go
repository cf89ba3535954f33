// Package interop owns the proof that the MQTT door speaks MQTT: the tests of the Eclipse Paho interoperability suite, each
// written anew from its name and the specifications, and tests with hostile clients. It has no code but tests. They drive a
// real room server packet by packet, over TCP or, where minutes would have to pass, over pipes in virtual time.
//
// The suite publishes to topics of its own; a room has the topics of docs/WIRE.md. So
//
//	the suite's                              is here
//	a topic that messages go through         r/{room}/e/{name}: every message arrives; states of one key may be conflated
//	a topic with retained messages           r/{room}/s/{key}
//	a response topic                         r/{room}/m/{player}/{name}
//	clients a and b, by client identifier    players ann and bob, by the tickets of their seats
//	a topic that may not be subscribed to    a topic of another room
//	$-topics                                 refused when published to, as all that is not the room's; never matched by a
//	                                         wildcard at the start of a filter
//
// and what has no meaning here is left out:
//
//   - retained messages outside r/{room}/s/: RETAIN says nothing of an event or a signal, which are not kept;
//   - that another client identifier is another session: a session is the player's, whose ticket names it;
//   - sessions longer than the seat is kept: session expiry is bounded by the fleet's resume window, and the server says so.
//
// In the package's hostile part a violation's name begins with the section of the specification that it violates.
package interop

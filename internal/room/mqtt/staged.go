package mqtt

import (
	"fmt"

	"greenroom.dev/greenroom/internal/room"
)

// staged makes the packet of a message that is alone in its tick. Its topic names no room, so all rooms of the server share
// what is made of it for connections that are granted it alike. nil: nobody of the class has subscribed to it.
func (c *class) staged(s *room.Staged) *room.Shared {
	it := stagedItem(s)
	e := encoding{class: c, topic: it.topic(nil, c.prefix)}
	g, ok := c.match(e.topic, it.from, nil)
	if !ok {
		return nil
	}
	alike := fmt.Sprintf("mqtt %d %d %d %t %d", c.level, c.maxPacket, min(it.qos, g.qos), g.asSent, g.ids)
	return s.Encoded(alike, func() *room.Shared {
		e.put(&it, g)
		return e.shared()
	})
}

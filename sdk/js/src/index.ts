// @greenroom/client: join a session, stay in step with it, and come back by itself when it moves.
export { RoomError } from "./close.js";
export { JoinError, type JoinAnswer, type JoinConfig, join, placeOf } from "./join.js";
export type { Place } from "./journey.js";
export { latencies, type MeasureOptions, type MeasureRegion, measure } from "./measure.js";
export type { MemberPlace, Move, Position } from "./positions.js";
export { type EnterOptions, Room, type RoomEvent, type RoomEvents, type StateOptions, type Status, enter } from "./room.js";
export type { Socket, SocketConstructor } from "./socket.js";
export type { State, StateChange, Stats } from "./view.js";

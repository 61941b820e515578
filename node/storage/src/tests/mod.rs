//! Tests at the door of the room.

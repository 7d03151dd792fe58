// Numbers written so that minifiers see them: each is inlined then, and none is a variable.
/** A time that doesn't come, and a limit that isn't reached. */
export const NEVER = 1 / 0;
/** The highest number of an exchange: the largest integer a JSON number carries exactly. */
export const MAX_ID = 2 ** 53 - 1;
/** The most items one credit message may grant. */
export const MAX_CREDIT = 2 ** 31 - 1;
/** Parameters in the head of an envelope; five are defined. */
export const MAX_PARAMS = 16;
/** Messages of one session that may make no sense. A peer that talks more nonsense is broken. */
export const MAX_FAULTS = 256;
/** Messages in one container. */
export const MAX_BATCH_MESSAGES = 1024;
/** Text in a container that we write, so that it stays within what any server reads at once. */
export const MAX_BATCH_TEXT = 65_536;
/** What a message takes in a container beside its text: its length and a separator. */
export const BATCH_OVERHEAD = 8;
/** What a message weighs beside its bytes, among those that are kept until they are acknowledged. */
export const MESSAGE_WEIGHT = 32;
/** Milliseconds until an acknowledgement is sent at the latest. */
export const ACK_TIME = 1_000;
/** Bytes that the number of a message, and the container that holds the two, add to it. */
export const NUMBER_OVERHEAD = 48;
/** What a reader of a stream lets the server send before the first item was taken out. */
export const FIRST_CREDIT = 8;
/** Items of one stream that may be under way, as long as its reader doesn't wait for them. */
export const WINDOW = 32;
/** The most, while the reader waits. Each half of it costs the server a wake-up: at 32 that is most of what an item costs. */
export const MAX_WINDOW = 1024;
/** Text of one stream that may wait for its reader, once the size of its items is known. */
export const MAX_WINDOW_TEXT = 512 * 1024;
/** Calls and notifications that wait for a connection, in number and in text. */
export const MAX_QUEUED = 1000;
/** See {@link MAX_QUEUED}. */
export const MAX_QUEUED_TEXT = 1024 * 1024;
/** Text in the send buffer of a socket: it only bridges a reconnect. */
export const MAX_BUFFERED_TEXT = 16 * 1024 * 1024;
/** Calls of the server that may run at a time in one channel. One that is asked of a user takes long. */
export const MAX_HANDLED = 64;
/** Milliseconds for the answer to an Ajax request that comes at once. */
export const ANSWER_TIME = 8_000;
/** Milliseconds for the answer to a poll, which may take up to 35 s. */
export const POLL_TIME = 45_000;
/** Bytes that the slowest link that is waited for moves in a millisecond. */
export const SLOWEST = 4;
/** Bytes of the longest answer that is waited for so long. */
export const MAX_WAITED = 2 ** 24;

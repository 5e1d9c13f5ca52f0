package io.nbd4j.client;

/** What became of a request that failed. For a write, it decides whether the bytes may be on the disk. */
public enum RequestFate {
    /** No byte of it was sent. It had no effect. */
    NOT_SENT,
    /** The server answered with an error. The content of the range is unspecified all the same. */
    REFUSED,
    /** It was sent, at least in part, and no answer came: a write may or may not have reached the disk. */
    UNKNOWN
}

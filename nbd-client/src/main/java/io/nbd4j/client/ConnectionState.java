package io.nbd4j.client;

/**
 * Where a handle stands. What is allowed in which state:
 *
 * <table>
 *   <caption>Calls and states</caption>
 *   <tr><th>call</th><th>CREATED</th><th>CONNECTING</th><th>NEGOTIATING</th><th>READY</th><th>CLOSED, DEAD</th></tr>
 *   <tr><td>{@code connect…}</td><td>allowed</td><td>refused</td><td>refused</td><td>refused</td><td>refused</td></tr>
 *   <tr><td>{@code negotiation().…}</td><td>refused</td><td>refused</td><td>allowed, one at a time</td><td>refused</td>
 *       <td>refused</td></tr>
 *   <tr><td>data commands</td><td>refused</td><td>refused</td><td>refused</td><td>allowed</td><td>refused</td></tr>
 *   <tr><td>{@code close}, {@code closeAsync}</td><td>allowed</td><td>allowed, cancels</td>
 *       <td>allowed, aborts politely</td><td>allowed, drains</td><td>the same future</td></tr>
 * </table>
 *
 * <p>A refused call disturbs nothing that is under way.
 */
public enum ConnectionState {
    /** Nothing was started. */
    CREATED,
    /** A connect call was made; the future it gave is not complete. */
    CONNECTING,
    /** Option mode: the server waits for an option. Stays so while an option is outstanding. */
    NEGOTIATING,
    /** The transmission phase: data commands may be sent. */
    READY,
    /** Closed by the caller, or by the server while nothing was outstanding. */
    CLOSED,
    /** Ended by an error. The handle can only be closed. */
    DEAD
}

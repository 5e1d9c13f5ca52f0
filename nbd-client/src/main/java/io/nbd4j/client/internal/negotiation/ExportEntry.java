package io.nbd4j.client.internal.negotiation;

/**
 * One line of the server's list of exports.
 *
 * @param name empty for the default export
 * @param description for humans, may be empty; foreign text
 */
public record ExportEntry(String name, String description) {}

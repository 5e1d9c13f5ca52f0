package io.nbd4j.client;

/**
 * One line of a server's list of exports.
 *
 * @param name may be empty
 * @param description for humans; empty if the server gives none
 */
public record ExportEntry(String name, String description) {}

package io.nbd4j.client.internal.subprocess;

import java.nio.file.Path;

/**
 * A command that was looked up and found executable, in a working directory that exists. Every rung starts this, so
 * that "command not found" and its like are the same errors everywhere.
 *
 * @param file the absolute path of the file to execute
 * @param spec what was asked for; {@code argv[0]} is handed to the child as it was given, where the rung can
 *     do that apart from the file
 */
public record Executable(Path file, LaunchSpec spec) {}

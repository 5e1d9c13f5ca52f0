package io.nbd4j.testkit.fault;

import io.nbd4j.codec.CommandFlag;
import io.nbd4j.codec.CommandType;
import io.nbd4j.codec.handshake.OptionType;
import io.nbd4j.testkit.transcript.ClientMessage;
import org.jspecify.annotations.Nullable;

/** What of a client's doings a rule is about. A value; {@code toString()} is its text form. */
public sealed interface Matcher {
    /** Returns whether a rule is about this. */
    boolean matches(ClientMessage message);

    /** Returns what faults of such a rule happen to. */
    Stage stage();

    /** Matches each new connection; a fault then happens to the greeting. */
    static Matcher connect() {
        return new Connect();
    }

    /** Matches each option. */
    static Option anyOption() {
        return new Option(null, null);
    }

    /**
     * Matches an option.
     *
     * @param type not {@link OptionType#UNKNOWN}
     */
    static Option option(OptionType type) {
        return new Option(type, null);
    }

    /** Matches each command but DISC. */
    static Command anyCommand() {
        return new Command(null, null, 0);
    }

    /**
     * Matches a command.
     *
     * @param type not {@link CommandType#UNKNOWN}
     */
    static Command command(CommandType type) {
        return new Command(type, null, 0);
    }

    /** Matches each new connection. */
    record Connect() implements Matcher {
        @Override
        public boolean matches(ClientMessage message) {
            return message instanceof ClientMessage.Connected;
        }

        @Override
        public Stage stage() {
            return Stage.CONNECT;
        }

        @Override
        public String toString() {
            return "CONNECT";
        }
    }

    /**
     * Matches options.
     *
     * @param type {@code null} for each
     * @param exportName the export that the option is about; {@code null} for any
     */
    record Option(@Nullable OptionType type, @Nullable String exportName) implements Matcher {
        /** Checks the type. */
        public Option {
            if (type == OptionType.UNKNOWN) {
                throw new IllegalArgumentException("an option without a name");
            }
        }

        /** Returns a matcher for the options that name this export. */
        public Option export(String name) {
            return new Option(type, name);
        }

        @Override
        public boolean matches(ClientMessage message) {
            return message instanceof ClientMessage.Option option
                    && (type == null || type == option.type())
                    && (exportName == null || exportName.equals(option.exportName()));
        }

        @Override
        public Stage stage() {
            return Stage.OPTION;
        }

        @Override
        public String toString() {
            return (type == null ? "OPTION" : type.name())
                    + (exportName == null ? "" : " export " + FaultNames.quoted(exportName));
        }
    }

    /**
     * Matches commands.
     *
     * @param type {@code null} for each but DISC
     * @param range {@code null} for all
     * @param flags the bits of command flags that are all set
     */
    record Command(@Nullable CommandType type, @Nullable Range range, int flags) implements Matcher {
        /** Checks the type. */
        public Command {
            if (type == CommandType.UNKNOWN) {
                throw new IllegalArgumentException("a command without a name");
            }
        }

        /**
         * Returns a matcher for the commands that touch this range.
         *
         * @param offset in bytes, not negative
         * @param length in bytes, at least 1
         */
        public Command at(long offset, long length) {
            return new Command(type, new Range(offset, length), flags);
        }

        /** Returns a matcher for the commands that have these flags, and maybe others. */
        public Command with(CommandFlag... required) {
            return new Command(type, range, CommandFlag.bits(required));
        }

        @Override
        public boolean matches(ClientMessage message) {
            return message instanceof ClientMessage.Request request
                    && (type == null ? request.type() != CommandType.DISC : type == request.type())
                    && request.hasFlags(flags)
                    && (range == null || range.touches(request.offset(), request.length()));
        }

        @Override
        public Stage stage() {
            return type == CommandType.DISC ? Stage.DISCONNECT : Stage.COMMAND;
        }

        @Override
        public String toString() {
            StringBuilder out = new StringBuilder(type == null ? "COMMAND" : type.name());
            if (range != null) {
                out.append(" at ").append(range.offset).append('+').append(range.length);
            }
            for (CommandFlag flag : CommandFlag.values()) {
                if ((flags & flag.bit()) != 0) {
                    out.append(" with ").append(flag);
                }
            }
            return out.toString();
        }
    }

    /**
     * A part of an export.
     *
     * @param offset in bytes, not negative
     * @param length in bytes, at least 1
     */
    record Range(long offset, long length) {
        /** Checks the numbers. */
        public Range {
            if (offset < 0 || length < 1 || length > Long.MAX_VALUE - offset) {
                throw new IllegalArgumentException("no range: " + offset + "+" + length);
            }
        }

        /** Returns whether a request of these unsigned numbers has a byte in this range. */
        boolean touches(long from, long bytes) {
            return Long.compareUnsigned(from, offset + length) < 0
                    && bytes != 0
                    && (Long.compareUnsigned(from, offset) >= 0 || Long.compareUnsigned(bytes, offset - from) > 0);
        }
    }
}

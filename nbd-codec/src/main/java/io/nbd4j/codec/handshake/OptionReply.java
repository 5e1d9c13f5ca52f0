package io.nbd4j.codec.handshake;

/** A server's answer to an option, in the generic form: all but the one to EXPORT_NAME. */
public sealed interface OptionReply {
    /** Returns the 32-bit code of the option that is answered, as the server repeats it. */
    int option();

    /** Returns which of the records it is, for a switch without a default. */
    Kind kind();

    /** Returns whether no further reply to the option follows. */
    default boolean isFinal() {
        return kind() == Kind.ACK || kind() == Kind.REFUSAL;
    }

    /** The forms of an option reply. */
    enum Kind {
        /** {@link Ack}. */
        ACK,
        /** {@link Server}. */
        SERVER,
        /** {@link Info}. */
        INFO,
        /** {@link MetaContextReply}. */
        META_CONTEXT,
        /** {@link Refusal}. */
        REFUSAL
    }

    /**
     * {@code NBD_REP_ACK}.
     *
     * @param option the option that is answered
     */
    record Ack(int option) implements OptionReply {
        @Override
        public Kind kind() {
            return Kind.ACK;
        }
    }

    /**
     * {@code NBD_REP_SERVER}.
     *
     * @param option the option that is answered
     * @param exportName may be empty: the default export
     * @param description a text for humans, may be empty
     */
    record Server(int option, String exportName, String description) implements OptionReply {
        @Override
        public Kind kind() {
            return Kind.SERVER;
        }
    }

    /**
     * {@code NBD_REP_INFO}.
     *
     * @param option the option that is answered
     * @param item what is said
     */
    record Info(int option, InfoItem item) implements OptionReply {
        @Override
        public Kind kind() {
            return Kind.INFO;
        }
    }

    /**
     * {@code NBD_REP_META_CONTEXT}.
     *
     * @param option the option that is answered
     * @param id any 32 bits, 0 included; without meaning in answers to LIST_META_CONTEXT
     * @param contextName namespace, colon, name
     */
    record MetaContextReply(int option, int id, String contextName) implements OptionReply {
        @Override
        public Kind kind() {
            return Kind.META_CONTEXT;
        }
    }

    /**
     * Any reply type with bit 31 set.
     *
     * @param option the option that is answered
     * @param rawType the 32-bit reply type
     * @param message the server's text, may be empty; foreign text: escape it before it is shown
     */
    record Refusal(int option, int rawType, String message) implements OptionReply {
        /** Refuses a type that is no error. */
        public Refusal {
            if (!OptionReplyType.isError(rawType)) {
                throw new IllegalArgumentException("reply type " + Integer.toUnsignedString(rawType) + " is no error");
            }
        }

        /** Creates a refusal of a type that the specification names. */
        public static Refusal of(int option, OptionReplyType type, String message) {
            if (type == OptionReplyType.UNKNOWN_ERROR) {
                throw new IllegalArgumentException("an unknown error has no number of its own");
            }
            return new Refusal(option, type.wire(), message);
        }

        /** Returns the type; {@link OptionReplyType#UNKNOWN_ERROR} if the specification does not name it. */
        public OptionReplyType type() {
            return OptionReplyType.fromWire(rawType);
        }

        @Override
        public Kind kind() {
            return Kind.REFUSAL;
        }
    }
}

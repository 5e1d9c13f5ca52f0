package io.nbd4j.client.internal.negotiation;

import io.nbd4j.codec.handshake.OptionType;
import java.util.List;

/** What a user in option mode may ask for in the pause, but for its end. */
sealed interface UserRequest {
    /** Returns the option that it comes down to, which tells the record. */
    OptionType option();

    /** Choose the export. */
    record Go(ExportWish wish) implements UserRequest {
        @Override
        public OptionType option() {
            return OptionType.GO;
        }
    }

    /** Tell about the export. */
    record Info(ExportWish wish) implements UserRequest {
        @Override
        public OptionType option() {
            return OptionType.INFO;
        }
    }

    /** Tell which exports there are. */
    record ListExports() implements UserRequest {
        @Override
        public OptionType option() {
            return OptionType.LIST;
        }
    }

    /** Go on under TLS. */
    record StartTls() implements UserRequest {
        @Override
        public OptionType option() {
            return OptionType.STARTTLS;
        }
    }

    /** Agree to structured replies. */
    record StructuredReplies() implements UserRequest {
        @Override
        public OptionType option() {
            return OptionType.STRUCTURED_REPLY;
        }
    }

    /** Agree to extended headers. */
    record ExtendedHeaders() implements UserRequest {
        @Override
        public OptionType option() {
            return OptionType.EXTENDED_HEADERS;
        }
    }

    /**
     * Tell which meta contexts there are.
     *
     * @param queries none: all
     */
    record ListMetaContexts(String exportName, List<String> queries) implements UserRequest {
        /** Copies the list. */
        public ListMetaContexts {
            queries = List.copyOf(queries);
        }

        @Override
        public OptionType option() {
            return OptionType.LIST_META_CONTEXT;
        }
    }

    /**
     * Select meta contexts.
     *
     * @param queries none: nothing
     */
    record SetMetaContexts(String exportName, List<String> queries) implements UserRequest {
        /** Copies the list. */
        public SetMetaContexts {
            queries = List.copyOf(queries);
        }

        @Override
        public OptionType option() {
            return OptionType.SET_META_CONTEXT;
        }
    }
}

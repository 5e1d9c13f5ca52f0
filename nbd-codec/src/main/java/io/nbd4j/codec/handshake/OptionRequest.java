package io.nbd4j.codec.handshake;

import java.util.List;
import java.util.stream.Stream;

/** One option, as a client asks for it. */
public sealed interface OptionRequest {
    /** Returns the 32-bit code of the option. */
    int option();

    /** Returns the option, which tells the record. PEEK_EXPORT has none: it is an {@link UnknownOption}. */
    default OptionType type() {
        return OptionType.fromWire(option());
    }

    /** What INFO and GO have in common. */
    sealed interface ExportQuery extends OptionRequest permits Info, Go {
        /** Returns the name of the export, empty for the default export. */
        String exportName();

        /** Returns the 16-bit types of the information asked for, in the order of the wire. */
        List<Integer> infoTypes();

        /** Returns whether a type of information is asked for. */
        default boolean requests(InfoType type) {
            return infoTypes().contains(type.wire());
        }
    }

    /** What LIST_META_CONTEXT and SET_META_CONTEXT have in common. */
    sealed interface MetaContextQuery extends OptionRequest permits ListMetaContext, SetMetaContext {
        /** Returns the name of the export, empty for the default export. */
        String exportName();

        /** Returns the queries, each with its namespace. */
        List<String> queries();
    }

    /**
     * {@code NBD_OPT_EXPORT_NAME}. An {@link ExportNameReply} follows, or the server hangs up.
     *
     * @param exportName empty for the default export
     */
    record ExportName(String exportName) implements OptionRequest {
        @Override
        public int option() {
            return OptionType.EXPORT_NAME.wire();
        }
    }

    /** {@code NBD_OPT_ABORT}. */
    record Abort() implements OptionRequest {
        @Override
        public int option() {
            return OptionType.ABORT.wire();
        }
    }

    /** {@code NBD_OPT_LIST}. */
    record ListExports() implements OptionRequest {
        @Override
        public int option() {
            return OptionType.LIST.wire();
        }
    }

    /** {@code NBD_OPT_STARTTLS}. */
    record StartTls() implements OptionRequest {
        @Override
        public int option() {
            return OptionType.STARTTLS.wire();
        }
    }

    /**
     * {@code NBD_OPT_INFO}.
     *
     * @param exportName empty for the default export
     * @param infoTypes 16-bit types, without duplicates
     */
    record Info(String exportName, List<Integer> infoTypes) implements ExportQuery {
        /** Copies the list. */
        public Info {
            infoTypes = List.copyOf(infoTypes);
        }

        /** Creates a request for information of known types. */
        public static Info of(String exportName, InfoType... types) {
            return new Info(exportName, Stream.of(types).map(InfoType::wire).toList());
        }

        @Override
        public int option() {
            return OptionType.INFO.wire();
        }
    }

    /**
     * {@code NBD_OPT_GO}.
     *
     * @param exportName empty for the default export
     * @param infoTypes 16-bit types, without duplicates
     */
    record Go(String exportName, List<Integer> infoTypes) implements ExportQuery {
        /** Copies the list. */
        public Go {
            infoTypes = List.copyOf(infoTypes);
        }

        /** Creates a request that asks for information of known types. */
        public static Go of(String exportName, InfoType... types) {
            return new Go(exportName, Stream.of(types).map(InfoType::wire).toList());
        }

        @Override
        public int option() {
            return OptionType.GO.wire();
        }
    }

    /** {@code NBD_OPT_STRUCTURED_REPLY}. */
    record StructuredReply() implements OptionRequest {
        @Override
        public int option() {
            return OptionType.STRUCTURED_REPLY.wire();
        }
    }

    /**
     * {@code NBD_OPT_LIST_META_CONTEXT}.
     *
     * @param exportName empty for the default export
     * @param queries none: list everything
     */
    record ListMetaContext(String exportName, List<String> queries) implements MetaContextQuery {
        /** Copies the list. */
        public ListMetaContext {
            queries = List.copyOf(queries);
        }

        @Override
        public int option() {
            return OptionType.LIST_META_CONTEXT.wire();
        }
    }

    /**
     * {@code NBD_OPT_SET_META_CONTEXT}.
     *
     * @param exportName empty for the default export
     * @param queries none: select nothing
     */
    record SetMetaContext(String exportName, List<String> queries) implements MetaContextQuery {
        /** Copies the list. */
        public SetMetaContext {
            queries = List.copyOf(queries);
        }

        @Override
        public int option() {
            return OptionType.SET_META_CONTEXT.wire();
        }
    }

    /** {@code NBD_OPT_EXTENDED_HEADERS} (experimental). */
    record ExtendedHeaders() implements OptionRequest {
        @Override
        public int option() {
            return OptionType.EXTENDED_HEADERS.wire();
        }
    }

    /**
     * An option without a defined form, PEEK_EXPORT included. A server answers ERR_UNSUP; what it carried is skipped.
     *
     * @param option the 32-bit code
     */
    record UnknownOption(int option) implements OptionRequest {
        /** Refuses an option that has its own record. */
        public UnknownOption {
            OptionType type = OptionType.fromWire(option);
            if (type != OptionType.UNKNOWN && type != OptionType.PEEK_EXPORT) {
                throw new IllegalArgumentException(type + " is a known option");
            }
        }
    }
}

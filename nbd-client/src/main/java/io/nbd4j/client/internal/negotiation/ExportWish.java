package io.nbd4j.client.internal.negotiation;

import io.nbd4j.codec.handshake.OptionRequestEncoder;
import java.util.List;

/**
 * What the user wants of an export, and wants to know about it. In option mode each INFO and GO has a wish of its own.
 *
 * @param exportName empty for the default export
 * @param requestBlockSize whether to ask for the size constraints, which obliges to respect them
 * @param fullInfo whether to ask for the canonical name and the description
 * @param requestMetaContexts whether to have meta contexts selected before
 * @param metaContexts which ones
 */
public record ExportWish(
        String exportName,
        boolean requestBlockSize,
        boolean fullInfo,
        boolean requestMetaContexts,
        List<String> metaContexts) {
    /** The default export, and nothing in particular. */
    public static final ExportWish DEFAULT = new ExportWish("", true, false, true, List.of());

    /** Copies the list. */
    public ExportWish {
        metaContexts = List.copyOf(metaContexts);
    }

    /** Returns the same wish for another export. */
    public ExportWish withExportName(String name) {
        return new ExportWish(name, requestBlockSize, fullInfo, requestMetaContexts, metaContexts);
    }

    /** Returns the same wish with or without a request for the size constraints. */
    public ExportWish withRequestBlockSize(boolean wanted) {
        return new ExportWish(exportName, wanted, fullInfo, requestMetaContexts, metaContexts);
    }

    /** Returns the same wish with or without a request for the canonical name and the description. */
    public ExportWish withFullInfo(boolean wanted) {
        return new ExportWish(exportName, requestBlockSize, wanted, requestMetaContexts, metaContexts);
    }

    /** Returns the same wish, with meta contexts to be selected before or not. */
    public ExportWish withRequestMetaContexts(boolean wanted) {
        return new ExportWish(exportName, requestBlockSize, fullInfo, wanted, metaContexts);
    }

    /** Returns the same wish with other meta contexts. */
    public ExportWish withMetaContexts(List<String> names) {
        return new ExportWish(exportName, requestBlockSize, fullInfo, requestMetaContexts, names);
    }

    /**
     * Checks the names.
     *
     * @throws IllegalArgumentException if no option could carry them
     */
    public void requireValid() {
        OptionRequestEncoder.requireValidExportName(exportName);
        metaContexts.forEach(OptionRequestEncoder::requireValidQuery);
    }
}

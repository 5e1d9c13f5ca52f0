package io.nbd4j.codec.handshake;

import io.nbd4j.codec.SizeConstraints;
import io.nbd4j.codec.TransmissionFlags;

/** What one {@link OptionReply.Info} says about an export. */
public sealed interface InfoItem {
    /** Returns the 16-bit type as it is on the wire. */
    int rawType();

    /** Returns the type, which tells the record: each but UNKNOWN has one of its own. */
    default InfoType type() {
        return InfoType.fromWire(rawType());
    }

    /**
     * {@code NBD_INFO_EXPORT}.
     *
     * @param exportSize in bytes, not negative
     * @param transmissionFlags what the export can do
     */
    record ExportItem(long exportSize, TransmissionFlags transmissionFlags) implements InfoItem {
        /** Checks the size. */
        public ExportItem {
            ExportSize.requireValid(exportSize);
        }

        @Override
        public int rawType() {
            return InfoType.EXPORT.wire();
        }
    }

    /**
     * {@code NBD_INFO_NAME}.
     *
     * @param canonicalName the name that the server prefers for the export
     */
    record NameItem(String canonicalName) implements InfoItem {
        @Override
        public int rawType() {
            return InfoType.NAME.wire();
        }
    }

    /**
     * {@code NBD_INFO_DESCRIPTION}.
     *
     * @param description a text for humans
     */
    record DescriptionItem(String description) implements InfoItem {
        @Override
        public int rawType() {
            return InfoType.DESCRIPTION.wire();
        }
    }

    /**
     * {@code NBD_INFO_BLOCK_SIZE}.
     *
     * @param sizeConstraints as sent; they may be {@linkplain SizeConstraints#isPlausible() implausible}
     */
    record BlockSizeItem(SizeConstraints sizeConstraints) implements InfoItem {
        @Override
        public int rawType() {
            return InfoType.BLOCK_SIZE.wire();
        }
    }

    /**
     * An item that the specification does not name. What it carries is skipped.
     *
     * @param rawType the 16-bit type
     */
    record UnknownInfoItem(int rawType) implements InfoItem {
        /** Refuses a type that has its own record. */
        public UnknownInfoItem {
            if (rawType != (rawType & 0xffff) || InfoType.fromWire(rawType) != InfoType.UNKNOWN) {
                throw new IllegalArgumentException("not an unknown 16-bit information type: " + rawType);
            }
        }
    }
}

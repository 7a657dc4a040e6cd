package dev.tollgate.cli;

import dev.tollgate.dataplane.valkey.ValkeyAddress;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** The value of a flag that says where a Valkey is. What is wrong is told without the text. */
final class ValkeyUrl implements ITypeConverter<ValkeyAddress> {

    @Override
    public ValkeyAddress convert(String text) {
        try {
            return ValkeyAddress.parse(text);
        } catch (IllegalArgumentException e) {
            throw new TypeConversionException(e.getMessage());
        }
    }
}

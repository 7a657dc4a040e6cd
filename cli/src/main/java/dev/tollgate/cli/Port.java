package dev.tollgate.cli;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** The value of a flag that names a port of this machine; 0 takes a free one. */
final class Port implements ITypeConverter<Integer> {

    private static final int MAX = 65_535;

    @Override
    public Integer convert(String text) {
        try {
            int port = Integer.parseInt(text);
            if (port >= 0 && port <= MAX) {
                return port;
            }
        } catch (NumberFormatException e) {
            // told below, as a number that is out of range
        }
        throw new TypeConversionException(text + " (expected: 0 to " + MAX + ")");
    }
}

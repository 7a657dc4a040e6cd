package dev.tollgate.cli.log;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.LayoutBase;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;

/**
 * One JSON object a line: {@code time}, {@code level}, {@code logger}, {@code message}, then the
 * key-value pairs of the event, then {@code error} with a stack trace.
 */
final class JsonLayout extends LayoutBase<ILoggingEvent> {

    private final JsonFactory json = new JsonFactory();

    @Override
    public String doLayout(ILoggingEvent event) {
        var line = new StringWriter(256);
        try (var out = json.createGenerator(line)) {
            out.writeStartObject();
            out.writeStringField("time", event.getInstant().toString());
            out.writeStringField("level", event.getLevel().toString());
            out.writeStringField("logger", event.getLoggerName());
            out.writeStringField("message", event.getFormattedMessage());
            writePairs(event, out);
            if (event.getThrowableProxy() != null) {
                out.writeStringField(
                        "error", ThrowableProxyUtil.asString(event.getThrowableProxy()));
            }
            out.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return line.append('\n').toString();
    }

    private static void writePairs(ILoggingEvent event, JsonGenerator out) throws IOException {
        var pairs = event.getKeyValuePairs();
        if (pairs == null) {
            return;
        }
        for (var pair : pairs) {
            out.writeFieldName(pair.key);
            switch (pair.value) {
                case null -> out.writeNull();
                case Integer number -> out.writeNumber(number);
                case Long number -> out.writeNumber(number);
                case Boolean flag -> out.writeBoolean(flag);
                default -> out.writeString(pair.value.toString());
            }
        }
    }
}

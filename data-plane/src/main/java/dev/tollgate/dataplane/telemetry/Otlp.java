package dev.tollgate.dataplane.telemetry;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.sdk.resources.Resource;
import org.jspecify.annotations.Nullable;

/** What all that goes to an OTLP/HTTP collector has in common. */
public final class Otlp {

    private static final String TRACES = "/v1/traces";
    private static final String LOGS = "/v1/logs";

    private Otlp() {}

    /** Where spans go: {@code /v1/traces} is added if it is not there. */
    static String traces(String endpoint) {
        return base(endpoint) + TRACES;
    }

    /** Where log records go, of the same collector. */
    public static String logs(String endpoint) {
        return base(endpoint) + LOGS;
    }

    private static String base(String endpoint) {
        var base = endpoint.endsWith("/") ? endpoint.substring(0, endpoint.length() - 1) : endpoint;
        return base.endsWith(TRACES) ? base.substring(0, base.length() - TRACES.length()) : base;
    }

    /**
     * Who tells.
     *
     * @param text {@code a=b,c=d}, as in {@code OTEL_RESOURCE_ATTRIBUTES}
     */
    public static Resource resource(@Nullable String text) {
        var attributes = Attributes.builder().put("service.name", "tollgate");
        if (text != null) {
            for (var pair : text.split(",", -1)) {
                int equals = pair.indexOf('=');
                if (equals > 0) {
                    attributes.put(
                            AttributeKey.stringKey(pair.substring(0, equals).trim()),
                            pair.substring(equals + 1).trim());
                }
            }
        }
        return Resource.getDefault().merge(Resource.create(attributes.build()));
    }
}

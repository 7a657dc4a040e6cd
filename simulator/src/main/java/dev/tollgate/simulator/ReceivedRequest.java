package dev.tollgate.simulator;

import java.util.Map;

/**
 * A request as it arrived: header names in lower case, credentials replaced by the key's label.
 * {@code body} is what was kept of it as UTF-8; {@code bodyBytes} is its true length.
 */
public record ReceivedRequest(
        long seq,
        String requestId,
        String method,
        String path,
        String query,
        Map<String, String> headers,
        String body,
        long bodyBytes) {

    public ReceivedRequest {
        headers = Map.copyOf(headers);
    }
}

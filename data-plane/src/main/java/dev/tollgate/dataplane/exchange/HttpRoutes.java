package dev.tollgate.dataplane.exchange;

/** {@code http.route} of a path: the model cut out, anything unknown one value. */
final class HttpRoutes {

    private static final String MODELS = "/models/";

    private HttpRoutes() {}

    static String of(String path) {
        int models = path.indexOf(MODELS);
        if (models >= 0 && models < 24) {
            int colon = path.lastIndexOf(':');
            var method = colon > models ? path.substring(colon) : "";
            boolean known =
                    switch (method) {
                        case "",
                                ":generateContent",
                                ":streamGenerateContent",
                                ":countTokens",
                                ":embedContent",
                                ":batchEmbedContents" ->
                                true;
                        default -> false;
                    };
            return known ? path.substring(0, models + MODELS.length()) + "{model}" + method : "*";
        }
        return switch (path) {
            case "/v1/chat/completions",
                    "/v1/responses",
                    "/v1/embeddings",
                    "/v1/messages",
                    "/v1/messages/count_tokens",
                    "/v1/models",
                    "/v1beta/models" ->
                    path;
            default -> "*";
        };
    }
}

package dev.tollgate.dialects;

import dev.tollgate.dialects.count.CountBridge;
import dev.tollgate.dialects.deviation.FittedBridge;
import dev.tollgate.dialects.embed.Embeddings;
import dev.tollgate.dialects.history.HistoryBridge;
import dev.tollgate.dialects.raw.RawBridge;
import dev.tollgate.dialects.same.SameBridge;
import dev.tollgate.dialects.translate.EditorBridge;
import dev.tollgate.dialects.translate.Translations;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The table of bridges. */
final class Bridges {
    private static final Map<Dialect, Bridge> SAME = same();
    private static final Bridge RAW = new RawBridge();

    private Bridges() {}

    static @Nullable Bridge between(Dialect client, Dialect provider, Operation operation) {
        if (operation == Operation.PASS) {
            return RAW;
        }
        if (operation == Operation.GENERATE) {
            return generate(client, provider);
        }
        if (operation.embeds()) {
            var bridge =
                    client == provider ? SAME.get(client) : Embeddings.between(client, provider);
            return bridge == null || provider != Dialect.OPENAI_CHAT
                    ? bridge
                    : new FittedBridge(bridge);
        }
        if (client == provider) {
            return SAME.get(client);
        }
        return switch (operation) {
            case COUNT_TOKENS -> CountBridge.between(client, provider);
            case GENERATE, EMBED, EMBED_ONE, PASS, LIST_MODELS, GET_MODEL -> null;
        };
    }

    private static @Nullable Bridge generate(Dialect client, Dialect provider) {
        var bridge = client == provider ? SAME.get(client) : Translations.between(client, provider);
        return bridge == null || provider != Dialect.OPENAI_CHAT
                ? bridge
                : new FittedBridge(bridge);
    }

    private static Map<Dialect, Bridge> same() {
        var bridges = new EnumMap<Dialect, Bridge>(Dialect.class);
        for (var dialect : Dialect.values()) {
            var bytes = Translations.limited(dialect, new SameBridge(dialect));
            var same = new HistoryBridge(bytes);
            bridges.put(dialect, dialect == Dialect.OPENAI_CHAT ? new EditorBridge(same) : same);
        }
        return bridges;
    }
}

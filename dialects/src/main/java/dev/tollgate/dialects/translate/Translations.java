package dev.tollgate.dialects.translate;

import dev.tollgate.dialects.Bridge;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.anthropic.AnthropicMessages;
import dev.tollgate.dialects.codec.ClientCodec;
import dev.tollgate.dialects.codec.ProviderCodec;
import dev.tollgate.dialects.gemini.Gemini;
import dev.tollgate.dialects.openai.OpenAiChat;
import dev.tollgate.dialects.responses.OpenAiResponses;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** All bridges between different dialects. */
public final class Translations {
    private static final Map<Dialect, ClientCodec> CLIENTS = new EnumMap<>(Dialect.class);
    private static final Map<Dialect, ProviderCodec> PROVIDERS = new EnumMap<>(Dialect.class);

    static {
        var chat = new OpenAiChat();
        CLIENTS.put(Dialect.OPENAI_CHAT, chat);
        PROVIDERS.put(Dialect.OPENAI_CHAT, chat);
        var messages = new AnthropicMessages();
        CLIENTS.put(Dialect.ANTHROPIC, messages);
        PROVIDERS.put(Dialect.ANTHROPIC, messages);
        var gemini = new Gemini();
        CLIENTS.put(Dialect.GEMINI, gemini);
        PROVIDERS.put(Dialect.GEMINI, gemini);
        var responses = new OpenAiResponses();
        CLIENTS.put(Dialect.OPENAI_RESPONSES, responses);
        PROVIDERS.put(Dialect.OPENAI_RESPONSES, responses);
    }

    private Translations() {}

    /** The bridge from a client's dialect to another one; null if there is none. */
    public static @Nullable Bridge between(Dialect client, Dialect provider) {
        var clientCodec = CLIENTS.get(client);
        var providerCodec = PROVIDERS.get(provider);
        if (client == provider || clientCodec == null || providerCodec == null) {
            return null;
        }
        return new TranslatedBridge(clientCodec, provider, providerCodec);
    }

    /** The bridge of a dialect to itself, with streams that can be ended at a limit. */
    public static Bridge limited(Dialect dialect, Bridge same) {
        var client = CLIENTS.get(dialect);
        var provider = PROVIDERS.get(dialect);
        return client == null || provider == null
                ? same
                : new LimitedBridge(same, new TranslatedBridge(client, dialect, provider));
    }
}

package dev.tollgate.dialects.openai;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.Bridge.RequestTerms;
import dev.tollgate.dialects.codec.ClientCodec;
import dev.tollgate.dialects.codec.ClientTerms;
import dev.tollgate.dialects.codec.ProviderCodec;
import dev.tollgate.dialects.codec.Reading;
import dev.tollgate.dialects.codec.StreamReader;
import dev.tollgate.dialects.codec.StreamWriter;
import dev.tollgate.dialects.codec.Written;
import dev.tollgate.dialects.conversation.Answer;
import dev.tollgate.dialects.conversation.Conversation;
import dev.tollgate.dialects.conversation.Decoded;
import dev.tollgate.dialects.responses.OpenAiResponses;
import java.util.regex.Pattern;

/** OpenAI chat completions. */
public final class OpenAiChat implements ClientCodec, ProviderCodec {
    private static final Pattern TOOL_NAME = Pattern.compile("[a-zA-Z0-9_-]{1,64}");
    private static final Pattern CALL_ID = Pattern.compile("\\S{1,40}");

    @Override
    public Decoded request(ObjectNode body) {
        return EditorShape.is(body)
                ? new OpenAiResponses().request(EditorShape.asResponses(body))
                : new ChatRequestReader().read(body);
    }

    @Override
    public ObjectNode answer(Answer answer, ClientTerms terms) {
        return ChatAnswerWriter.write(answer, terms);
    }

    @Override
    public StreamWriter stream(ClientTerms terms) {
        return new ChatStreamWriter(terms);
    }

    @Override
    public Written request(Conversation conversation, RequestTerms terms, boolean stream) {
        return new ChatRequestWriter(terms).write(conversation, stream);
    }

    @Override
    public Reading answer(ObjectNode body, String idSeed) {
        return ChatAnswerReader.read(body, idSeed);
    }

    @Override
    public StreamReader stream(String idSeed) {
        return new ChatStreamReader(idSeed);
    }

    @Override
    public Pattern toolNames() {
        return TOOL_NAME;
    }

    @Override
    public Pattern callIds() {
        return CALL_ID;
    }
}

package dev.tollgate.dialects.responses;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.Bridge.RequestTerms;
import dev.tollgate.dialects.codec.ClientCodec;
import dev.tollgate.dialects.codec.ClientTerms;
import dev.tollgate.dialects.codec.Json;
import dev.tollgate.dialects.codec.ProviderCodec;
import dev.tollgate.dialects.codec.Reading;
import dev.tollgate.dialects.codec.StreamReader;
import dev.tollgate.dialects.codec.StreamWriter;
import dev.tollgate.dialects.codec.Written;
import dev.tollgate.dialects.conversation.Answer;
import dev.tollgate.dialects.conversation.Conversation;
import dev.tollgate.dialects.conversation.Decoded;
import java.util.regex.Pattern;

/** OpenAI Responses. */
public final class OpenAiResponses implements ClientCodec, ProviderCodec {
    /**
     * What the ids of thoughts begin with that are not OpenAI's own, which it does not take back.
     */
    public static final String REASONING_ID = "rs_tg1";

    private static final Pattern TOOL_NAME = Pattern.compile("[a-zA-Z0-9_-]{1,64}");
    private static final Pattern CALL_ID = Pattern.compile("\\S{1,64}");

    @Override
    public Decoded request(ObjectNode body) {
        return new ResponsesRequestReader(body).read();
    }

    @Override
    public ObjectNode answer(Answer answer, ClientTerms terms) {
        return ResponsesAnswerWriter.write(answer, terms);
    }

    @Override
    public StreamWriter stream(ClientTerms terms) {
        return new ResponsesStreamWriter(terms);
    }

    /** All but the prompt, of which the tools matter that it declares. */
    @Override
    public ObjectNode repeated(ObjectNode request) {
        var body = Json.object();
        for (var field : request.properties()) {
            boolean prompt = field.getKey().equals("input");
            body.set(
                    field.getKey(),
                    prompt ? Namespaces.declaring(field.getValue()) : field.getValue());
        }
        return body;
    }

    @Override
    public Written request(Conversation conversation, RequestTerms terms, boolean stream) {
        return new ResponsesRequestWriter(terms).write(conversation, stream);
    }

    @Override
    public Reading answer(ObjectNode body, String idSeed) {
        return ResponsesAnswerReader.read(body);
    }

    @Override
    public StreamReader stream(String idSeed) {
        return new ResponsesStreamReader();
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

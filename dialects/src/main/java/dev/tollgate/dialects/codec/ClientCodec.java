package dev.tollgate.dialects.codec;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.conversation.Answer;
import dev.tollgate.dialects.conversation.Decoded;

/** A dialect as clients speak it: requests are read, answers are written. Stateless. */
public interface ClientCodec {

    Decoded request(ObjectNode body);

    /** A complete answer, with every field that the dialect's official types demand. */
    ObjectNode answer(Answer answer, ClientTerms terms);

    /** One per answer. */
    StreamWriter stream(ClientTerms terms);

    /** What a stream repeats of the client's request; of all else, that it was there. */
    default ObjectNode repeated(ObjectNode request) {
        var body = Json.object();
        for (var field : request.properties()) {
            var name = field.getKey();
            body.set(name, name.equals("model") ? field.getValue() : body.booleanNode(true));
        }
        return body;
    }
}

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
}

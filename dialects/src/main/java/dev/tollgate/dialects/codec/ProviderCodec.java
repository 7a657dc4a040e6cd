package dev.tollgate.dialects.codec;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.Bridge.RequestTerms;
import dev.tollgate.dialects.conversation.Conversation;
import java.util.regex.Pattern;

/** A dialect as providers speak it: requests are written, answers are read. Stateless. */
public interface ProviderCodec {

    Written request(Conversation conversation, RequestTerms terms, boolean stream);

    /**
     * Reads a complete answer.
     *
     * @param idSeed unique, for tool calls to which the provider gave no id
     */
    Reading answer(ObjectNode body, String idSeed);

    /** One per answer. */
    StreamReader stream(String idSeed);

    /** What names of tools must look like, as a pattern of the whole name. */
    Pattern toolNames();

    /** What ids of tool calls must look like, as a pattern of the whole id. */
    Pattern callIds();
}

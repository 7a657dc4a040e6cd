package dev.tollgate.policy.price;

import java.util.List;
import java.util.OptionalLong;

/**
 * What a request's bytes tell about its size: the part of a scan that a bound needs.
 *
 * @param textBytes UTF-8 bytes of everything that the model may read as text
 * @param messages turns, system prompt included
 * @param tools whether tools are sent
 * @param images number of images
 * @param documentBytes bytes of decoded documents
 * @param unbounded names of fields whose input is not in the body, or that cost beyond tokens
 * @param maxOutputTokens the client's output limit, if it set one; 0 where nothing is generated
 * @param choices how many answers are asked for, >= 1; of embeddings one for each input
 * @param thoughtsApart whether the dialect's output limit leaves thoughts out (Gemini)
 */
public record BoundInput(
        long textBytes,
        int messages,
        boolean tools,
        int images,
        long documentBytes,
        List<String> unbounded,
        OptionalLong maxOutputTokens,
        int choices,
        boolean thoughtsApart) {

    public BoundInput {
        unbounded = List.copyOf(unbounded);
        if (textBytes < 0 || messages < 0 || images < 0 || documentBytes < 0 || choices < 1) {
            throw new IllegalArgumentException(
                    "sizes: "
                            + List.of(textBytes, messages, images, documentBytes, choices)
                            + " (expected: >= 0, choices >= 1)");
        }
    }

    /** The same with another output limit. */
    public BoundInput withMaxOutputTokens(long limit) {
        return new BoundInput(
                textBytes,
                messages,
                tools,
                images,
                documentBytes,
                unbounded,
                OptionalLong.of(limit),
                choices,
                thoughtsApart);
    }
}

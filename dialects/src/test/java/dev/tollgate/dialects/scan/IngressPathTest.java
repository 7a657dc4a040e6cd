package dev.tollgate.dialects.scan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.Ingress;
import dev.tollgate.dialects.Operation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class IngressPathTest {

    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {
                "POST,/v1/chat/completions,-,OPENAI_CHAT,GENERATE,-,false,false",
                "POST,/openai/v1/chat/completions,-,OPENAI_CHAT,GENERATE,-,false,false",
                "POST,/v1/v1/chat/completions,-,OPENAI_CHAT,GENERATE,-,false,false",
                "POST,/v1/embeddings,-,OPENAI_CHAT,EMBED,-,false,false",
                "POST,/v1/responses,-,OPENAI_RESPONSES,GENERATE,-,false,false",
                "POST,/v1/messages,beta=true,ANTHROPIC,GENERATE,-,false,false",
                "POST,/anthropic/v1/messages,-,ANTHROPIC,GENERATE,-,false,false",
                "POST,/anthropic/v1/v1/messages,-,ANTHROPIC,GENERATE,-,false,false",
                "POST,/v1/messages/count_tokens,-,ANTHROPIC,COUNT_TOKENS,-,false,false",
                "POST,/v1/responses/input_tokens,-,OPENAI_RESPONSES,COUNT_TOKENS,-,false,false",
                "POST,/openai/v1/responses/input_tokens,-,OPENAI_RESPONSES,COUNT_TOKENS,-,false,false",
                "POST,/v1beta/models/g:generateContent,-,GEMINI,GENERATE,g,false,false",
                "POST,/v1/models/g:generateContent,-,GEMINI,GENERATE,g,false,false",
                "POST,/gemini/v1beta/models/g:streamGenerateContent,-,GEMINI,GENERATE,g,true,false",
                "POST,/v1beta/models/g:streamGenerateContent,alt=sse,GEMINI,GENERATE,g,true,true",
                "POST,/v1beta/models/openai/gpt:generateContent,-,GEMINI,GENERATE,openai/gpt,false,false",
                "POST,/v1beta/models/openai%2Fgpt%3Ax:countTokens,-,GEMINI,COUNT_TOKENS,openai/gpt:x,false,false",
                "POST,/v1beta/models/g:batchEmbedContents,-,GEMINI,EMBED,g,false,false",
                "POST,/v1beta/models/g:embedContent,-,GEMINI,EMBED_ONE,g,false,false",
                "GET,/v1/models,-,OPENAI_CHAT,LIST_MODELS,-,false,false",
                "GET,/v1beta/models,-,GEMINI,LIST_MODELS,-,false,false",
                "GET,/anthropic/v1/models,-,ANTHROPIC,LIST_MODELS,-,false,false",
                "GET,/v1/models/ft:gpt/x,-,OPENAI_CHAT,GET_MODEL,ft:gpt/x,false,false",
                "GET,/v1beta/models/g,-,GEMINI,GET_MODEL,g,false,false"
            })
    void knowsEveryPathOfTheDataPort(
            String method,
            String path,
            String query,
            Dialect dialect,
            Operation operation,
            String model,
            boolean stream,
            boolean sse) {
        assertEquals(
                new Ingress(dialect, operation, model, stream, sse),
                IngressPath.parse(method, path, query, false));
    }

    @Test
    void theVersionHeaderOfAnthropicDecidesTheShapeOfTheModelList() {
        assertEquals(
                new Ingress(Dialect.ANTHROPIC, Operation.LIST_MODELS, null, false, false),
                IngressPath.parse("GET", "/v1/models", null, true));
        assertEquals(
                new Ingress(Dialect.OPENAI_CHAT, Operation.LIST_MODELS, null, false, false),
                IngressPath.parse("GET", "/openai/v1/models", null, true));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/",
                "/v1",
                "/v1/completions",
                "/v1/chat/completions/",
                "/v2/chat/completions",
                "/anthropic/v1/chat/completions",
                "/openai/v1/messages",
                "/v1beta/models/g:predict",
                "/v1beta/models/:generateContent",
                "/v1beta/models/g%zz:generateContent",
                "/v1beta/models/g%00:generateContent",
                "/v1beta/models/g%C0%AF:generateContent",
                "/v1beta/modelsx/g:generateContent"
            })
    void knowsNoOtherPath(String path) {
        assertNull(IngressPath.parse("POST", path, null, false));
    }

    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {
                "POST,/v1/images/generations,OPENAI_CHAT,/images/generations",
                "POST,/v1/v1/images/generations,OPENAI_CHAT,/images/generations",
                "POST,/openai/v1/audio/speech,OPENAI_CHAT,/audio/speech",
                "POST,/anthropic/v1/complete,ANTHROPIC,/complete",
                "GET,/v1/images/generations,-,-",
                "POST,/gemini/v1beta/predict,-,-",
                "POST,/images/generations,-,-",
                "POST,/v2/images/generations,-,-"
            })
    void aPathBelowV1MayBeAnEndpointThatAProviderDeclares(
            String method, String path, Dialect dialect, String endpoint) {
        assertNull(IngressPath.parse(method, path, null, false));
        assertEquals(
                dialect == null
                        ? null
                        : new Ingress(dialect, Operation.PASS, null, false, false, endpoint),
                IngressPath.passThrough(method, path));
    }

    @Test
    void knowsNoOtherMethod() {
        assertNull(IngressPath.parse("GET", "/v1/chat/completions", null, false));
        assertNull(IngressPath.parse("DELETE", "/v1/models/x", null, false));
        assertNull(IngressPath.parse("POST", "/v1/models", null, false));
    }

    @ParameterizedTest
    @CsvSource({
        "/v1/completions,OPENAI_CHAT",
        "/v1/messages/batches,ANTHROPIC",
        "/anthropic/x,ANTHROPIC",
        "/v1/responses/r,OPENAI_RESPONSES",
        "/v1beta/files,GEMINI",
        "/v1/models/g:predict,GEMINI",
        "/,OPENAI_CHAT"
    })
    void answersUnknownPathsInTheNearestDialect(String path, Dialect dialect) {
        assertEquals(dialect, IngressPath.nearestDialect(path));
    }
}

#include "service/delivery/trace.h"

#include <gtest/gtest.h>

namespace posthorn::service {
namespace {

constexpr Timestamp kNow{1795405893, 60};

TEST(TraceTest, CannotBeBrokenByWhatAClientSays) {
  const TraceFacts facts{.from = trace_source("evil\r\nX-Spam: no (\\", "unix"),
                         .hostname = "h",
                         .with = "UTF8LMTPS",
                         .tls = "TLSv1.3 TLS_AES_256_GCM_SHA384",
                         .now = kNow};
  EXPECT_EQ(delivery_fields("<>", "a@b") + received_field(facts, "a@b"),
            "Return-Path: <>\r\nDelivered-To: a@b\r\n"
            "Received: from evil??X-Spam:?no??? (unix)\r\n\tby h with UTF8LMTPS\r\n"
            "\ttls TLS_AES_256_GCM_SHA384\r\n\tfor <a@b>; Mon, 23 Nov 2026 04:51:33 +0100\r\n");
}

TEST(TraceTest, WithoutARecipientNobodyIsNamed) {
  const TraceFacts facts{
      .from = "[authenticated]", .hostname = "h", .with = "ESMTPSA", .id = "k3", .now = kNow};
  EXPECT_EQ(received_field(facts, ""),
            "Received: from [authenticated]\r\n\tby h with ESMTPSA id k3; "
            "Mon, 23 Nov 2026 04:51:33 +0100\r\n");
}

}  // namespace
}  // namespace posthorn::service

#pragma once

#include "base/result.h"

namespace posthorn::store {

class Store;

/// Says whether so little of the disk is free that new mail is to be refused. Whoever measures the
/// disk calls this (app/disk_watch.h); a store begins with enough space.
/// Thread: any.
void set_low_on_space(Store& store, bool low);
/// Thread: any.
bool is_low_on_space(Store& store);

/// To be asked before new mail is received: deliveries, submissions, messages that clients append,
/// copies into other accounts, imports. Everything that frees space, or needs next to none, goes on
/// without asking: reading, flags, copies within an account, expunging, and the delivery of mail
/// that was accepted before. Errors: unavailable, with a text for the client. Thread: any.
Status may_take_new_mail(Store& store);

}  // namespace posthorn::store

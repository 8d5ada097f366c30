#include "store/low_space.h"

#include "store/store_state.h"

namespace posthorn::store {

void set_low_on_space(Store& store, bool low) { store.state().low_on_space.store(low); }

bool is_low_on_space(Store& store) { return store.state().low_on_space.load(); }

Status may_take_new_mail(Store& store) {
  if (!is_low_on_space(store)) return {};
  return fail(ErrorKind::unavailable,
              "The server is short of disk space and takes no new mail for now");
}

}  // namespace posthorn::store

"""The joint review as an object: prepared from the store, held, closed, frozen to a file, told and handed on."""
